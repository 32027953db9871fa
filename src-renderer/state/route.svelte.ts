/**
 * Where the page is: `#/screen?key=value`. Screens are known by name in app/screens.ts; parameters are what a screen was
 * asked to show (a run, a span of a trace), so that a place can be gone back to.
 */
class Route {
  screen = $state('');
  parameters = $state.raw<Readonly<Record<string, string>>>({});

  constructor() {
    addEventListener('hashchange', () => this.#read());
    this.#read();
  }

  go(screen: string, parameters: Readonly<Record<string, string | number>> = {}): void {
    location.hash = href(screen, parameters);
  }

  #read(): void {
    const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
    this.screen = path;
    this.parameters = Object.fromEntries(new URLSearchParams(query));
  }
}

export function href(screen: string, parameters: Readonly<Record<string, string | number>> = {}): string {
  const query = new URLSearchParams(Object.entries(parameters).map(([k, v]) => [k, String(v)])).toString();
  return `#/${screen}${query ? `?${query}` : ''}`;
}

export const route = new Route();
