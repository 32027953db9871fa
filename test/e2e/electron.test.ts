/**
 * The desktop app in a real, older Electron (22; the product's is 45): the product's sources, built for it with polyfills.
 * Each line of the checklist of docs/desktop.md has its test here, deep links excepted, which the app does not have.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { orThrow } from '../../src-main/base/errors.ts';
import { createCore } from '../../src-main/core.ts';
import { commands } from '../../src-main/contract/bench/commands.ts';
import { productVersion } from '../../src-main/core/product.ts';
import { ensureRenderer } from '../../src-main/hosts/built.ts';
import { describeWith, needs, root } from '../needs.ts';
import { serveBench } from './browser.ts';
import { scratch } from './cli-process.ts';
import {
  ask,
  askSocket,
  openDesktop,
  openScreen,
  startAgain,
  type Desktop,
  type Screen,
} from './desktop-window.ts';
import { buildForElectron22, electron22 } from './electron22.ts';
import { openPackaged, packageForElectron22 } from './packaged-app.ts';

const { dir, remove } = scratch();
let screen: Screen;

/**
 * Runs a script in the page as the page's own would run: under its policy, later than the call that brings it. Playwright's
 * locators would wait for the end of navigations that were denied.
 */
function inPage<T>(page: Page, body: string): Promise<T> {
  return page.evaluate<T>(
    `new Promise((resolve) => setTimeout(async () => { resolve(await (async () => { ${body} })()); }, 0))`,
  );
}

async function until<T>(what: () => Promise<T | null> | T | null): Promise<T> {
  for (let tries = 0; ; tries++) {
    const found = await what();
    if (found !== null) return found;
    if (tries > 600) throw new Error('it did not happen');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const ended = (page: Page, id: number) =>
  until(async () => {
    const activity = (await ask(page, 'activities.list', {})).find((a) => a.id === id);
    return activity?.state === 'ended' ? activity : null;
  });

const shortDemo = { windows: 1, windowS: 0.1, items: 3 };

describeWith([needs.electron22], 'the desktop app', () => {
  let desktop: Desktop;
  const options = () => ({
    display: screen.display,
    configDir: join(dir, 'config'),
    args: ['--db', join(dir, 'bench.db')],
  });

  beforeAll(async () => {
    screen = await openScreen();
    orThrow(await ensureRenderer(() => {}));
    await buildForElectron22();
    desktop = await openDesktop(options());
  });
  afterAll(async () => {
    // also when the set-up failed half-way
    await desktop?.[Symbol.asyncDispose]();
    screen?.[Symbol.dispose]();
    remove();
  });

  it('opens a window on a page of its own scheme, with the core in another process', async () => {
    const { app, page } = desktop;
    expect(page.url()).toMatch(/^app:\/\/microjoule\//);
    expect(await page.title()).toMatch(/Microjoule$/);
    await page.getByRole('heading').first().waitFor();
    const about = await ask(page, 'bench.about', {});
    expect(about.host).toBe('desktop');
    const processes = await app.evaluate((electron) =>
      electron.app.getAppMetrics().map((m) => `${m.type} ${m.name ?? m.serviceName ?? ''}`),
    );
    expect(processes.filter((p) => p.includes('Microjoule core'))).toHaveLength(1);
  });

  it('gives the page exactly what it declares, and nothing of Node or Electron', async () => {
    const { page } = desktop;
    expect(await inPage(page, 'return Object.keys(microjouleDesktop).sort()')).toEqual([
      'attachedTo',
      'onCommand',
      'onOpened',
      'openFile',
      'requestPort',
    ]);
    expect(await inPage(page, 'return Object.isFrozen(microjouleDesktop)')).toBe(true);
    // a frame without preload has what every page has
    const added = await inPage<string[]>(
      page,
      `const frame = document.createElement('iframe'); document.body.append(frame);
       const plain = new Set(Object.getOwnPropertyNames(frame.contentWindow)); frame.remove();
       return Object.getOwnPropertyNames(window).filter((name) => !plain.has(name) && !/^\\d+$|^__(svelte|zod)/.test(name))`,
    );
    expect(added).toEqual(['microjouleDesktop']);
    for (const name of ['require', 'process', 'module', 'Buffer', 'global', 'ipcRenderer'])
      expect([name, await inPage(page, `return typeof window[${JSON.stringify(name)}]`)]).toEqual([
        name,
        'undefined',
      ]);
  });

  it('isolates and sandboxes the page', async () => {
    const preferences = await desktop.app.evaluate(({ BrowserWindow }) => {
      const contents = BrowserWindow.getAllWindows()[0]!.webContents as unknown as {
        getLastWebPreferences(): Record<string, unknown>;
      };
      return contents.getLastWebPreferences();
    });
    expect(preferences).toMatchObject({
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      webviewTag: false,
    });
    expect(preferences.webSecurity).not.toBe(false);
    expect(preferences.nodeIntegrationInWorker).not.toBe(true);
    expect(preferences.nodeIntegrationInSubFrames).not.toBe(true);
  });

  it('carries the policy on every answer: no inline script or style, no eval, no other origin', async () => {
    const { page } = desktop;
    const policy = await inPage<string | null>(
      page,
      `return (await fetch(location.origin + '/')).headers.get('content-security-policy')`,
    );
    // the one style sheet of the report's preview is allowed by its hash
    expect(String(policy).replace(/ 'sha256-[\w+/]+='/, '')).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; " +
        "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    const attempts = await inPage<Record<string, unknown>>(
      page,
      `const script = document.createElement('script'); script.textContent = 'window.inlineRan = true';
       document.body.append(script);
       const box = document.createElement('p'); box.setAttribute('style', 'position: fixed'); document.body.append(box);
       const styled = getComputedStyle(box).position; box.remove(); script.remove();
       let evaluated = 'ran'; try { new Function('return 1')(); } catch (e) { evaluated = e.name; }
       const fetched = await fetch('http://127.0.0.1:9/').then(() => 'reached', (e) => e.message);
       return { inline: window.inlineRan ?? null, styled, evaluated, fetched }`,
    );
    expect(attempts).toEqual({
      inline: null,
      styled: 'static',
      evaluated: 'EvalError',
      fetched: 'Failed to fetch',
    });
  });

  it('serves no file but those of the page', async () => {
    const statuses = await inPage(
      desktop.page,
      `const paths = ['/../package.json', '/..%2f..%2fpackage.json', '/%2e%2e/%2e%2e/package.json', '/etc/passwd',
         '/assets/../../../package.json', '/report/../index.html', '/print/0'];
       return Promise.all(paths.map(async (path) => {
         const response = await fetch(location.origin + path);
         return response.status === 404 ? 404 : (await response.text()).includes('"version"') ? 'leaked' : response.status; }))`,
    );
    expect(statuses).toEqual([404, 404, 404, 404, 404, 200, 404]);
  });

  it('stays on its page: no navigation, no other window, no guest', async () => {
    const { app, page } = desktop;
    const before = page.url();
    const opened = await inPage(
      page,
      `const link = Object.assign(document.createElement('a'), { href: 'https://example.com/', target: '_blank' });
       document.body.append(link); link.click(); link.remove();
       return window.open('https://example.com/') === null && window.open('about:blank') === null`,
    );
    expect(opened).toBe(true);
    for (const to of ['https://example.com/', 'file:///etc/passwd', 'data:text/html,x', 'app://other/'])
      await inPage(page, `try { location.href = ${JSON.stringify(to)} } catch {}`);
    await inPage(
      page,
      `const form = Object.assign(document.createElement('form'), { action: 'https://example.com/' });
       document.body.append(form); form.submit(); form.remove()`,
    );
    expect(await ask(page, 'bench.about', {})).toHaveProperty('version');
    expect(page.url()).toBe(before);
    expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
    expect(await inPage(page, `return typeof document.createElement('webview').getWebContentsId`)).toBe(
      'undefined',
    );
  });

  it('grants no permission but to write text to the clipboard', async () => {
    const { page } = desktop;
    const asked = await inPage<Record<string, unknown>>(
      page,
      `const tried = (promise) => promise.then(() => 'granted', (e) => e.name ?? String(e.code));
       return {
         microphone: await tried(navigator.mediaDevices.getUserMedia({ audio: true })),
         screen: await tried(navigator.mediaDevices.getDisplayMedia({ video: true })),
         place: await new Promise((resolve) =>
           navigator.geolocation.getCurrentPosition(() => resolve('granted'), (e) => resolve(e.code))),
         notification: await Notification.requestPermission(),
         clipboardRead: await tried(navigator.clipboard.readText()),
         serial: await tried(navigator.serial.requestPort()),
         usb: (await navigator.usb?.getDevices())?.length ?? 0,
       }`,
    );
    expect(asked).toEqual({
      microphone: 'NotAllowedError',
      screen: expect.stringMatching(/^Not(Allowed|Supported)Error$/) as unknown,
      place: 1,
      notification: 'denied',
      clipboardRead: 'NotAllowedError',
      serial: expect.stringMatching(/^(NotFound|Security|NotAllowed)Error$/) as unknown,
      usb: 0,
    });
    expect(
      await inPage(page, `return (await navigator.permissions.query({ name: 'microphone' })).state`),
    ).toBe('denied');
  });

  it('hears only its own page, and only what it declared', async () => {
    const ports = await desktop.app.evaluate(({ ipcMain, BrowserWindow }) => {
      const { mainFrame } = BrowserWindow.getAllWindows()[0]!.webContents;
      let handed = 0;
      const send = (senderFrame: unknown, ...words: unknown[]) =>
        ipcMain.emit(
          'microjoule:port',
          { senderFrame, sender: { send: () => {}, postMessage: () => handed++ } },
          ...words,
        );
      send({ parent: null, url: 'https://example.com/' });
      send({ parent: null, url: 'app://microjoule.example.com/' });
      send({ parent: mainFrame, url: 'app://microjoule/report/1' });
      send(null);
      send(mainFrame, 'one word too many');
      return handed;
    });
    expect(ports).toBe(0);
    const refused = await desktop.app.evaluate(async ({ ipcMain }) => {
      const handlers = (
        ipcMain as unknown as {
          _invokeHandlers: Map<string, (event: unknown, ...words: unknown[]) => Promise<unknown>>;
        }
      )._invokeHandlers;
      const event = {
        senderFrame: { parent: null, url: 'https://example.com/' },
        _reply: () => {},
        _throw: () => {},
      };
      const answers: unknown[] = [];
      Object.assign(event, {
        _throw: (e: Error) => answers.push(e.message),
        _reply: (v: unknown) => answers.push(v),
      });
      await handlers.get('microjoule:open-file')!(event).catch((e: Error) => answers.push(e.message));
      return { names: [...handlers.keys()], answers };
    });
    expect(refused.names).toEqual(['microjoule:open-file']);
    expect(refused.answers).toEqual(['refused']);
  });

  it('has the commands of the registry in its menu, and tells the page which was chosen', async () => {
    const { app, page } = desktop;
    await inPage(page, `window.chosen = []; microjouleDesktop.onCommand((id) => window.chosen.push(id))`);
    const items = await app.evaluate(
      ({ Menu }, ids) => {
        const menu = Menu.getApplicationMenu()!;
        (menu.getMenuItemById('shortcuts.show')!.click as () => void)();
        return ids.map((id) => menu.getMenuItemById(id)?.label ?? null);
      },
      commands.map((c) => c.id),
    );
    expect(items).toEqual(commands.map((c) => c.title));
    await until(async () =>
      (await inPage<string[]>(page, 'return window.chosen')).includes('shortcuts.show') ? true : null,
    );
    // the page itself has heard it too
    const dialogs = () => inPage<number>(page, `return document.querySelectorAll('dialog[open]').length`);
    await until(async () => (await dialogs()) === 1 || null);
    await page.keyboard.press('Escape');
    await until(async () => (await dialogs()) === 0 || null);
  });

  it('opens a model by dialog and gives the page a token, no path', async () => {
    const { app, page } = desktop;
    await app.evaluate(
      ({ dialog }, path) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
      },
      join(root, 'models/tiny-ad.tflite'),
    );
    const opened = await inPage<object>(page, 'return microjouleDesktop.openFile()');
    expect(opened).toMatchObject({ kind: 'model', model: { name: 'tiny-ad' } });
    expect(JSON.stringify(opened)).not.toContain(root);
  });

  it('is one app: a second start hands its file over and ends', async () => {
    const { page } = desktop;
    await inPage(
      page,
      `window.given = []; microjouleDesktop.onOpened((opened) => window.given.push(opened))`,
    );
    const again = { ...options(), args: [join(root, 'models/kws-syn.tflite')] };
    expect(await startAgain(again)).toBe(0);
    const given = await until(async () => {
      const all = await inPage<object[]>(page, 'return window.given');
      return all[0] ?? null;
    });
    expect(given).toMatchObject({ kind: 'model', model: { name: 'kws-syn', origin: 'shipped' } });
  });

  it('runs the demo, keeps the computer awake in it and asks before it is closed', async () => {
    const { app, page } = desktop;
    const awake = () => app.evaluate(({ powerSaveBlocker }) => powerSaveBlocker.isStarted(0));
    await app.evaluate(({ dialog }) => {
      const asked = { times: 0 };
      Object.assign(globalThis, { asked });
      dialog.showMessageBox = () => {
        asked.times++;
        return Promise.resolve({ response: 0, checkboxChecked: false });
      };
    });
    const { id } = await ask(page, 'runs.demo', shortDemo);
    expect(await until(async () => (await awake()) || null)).toBe(true);
    await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.close());
    const askedOnce = () =>
      app.evaluate(() => (globalThis as unknown as { asked: { times: number } }).asked.times === 1 || null);
    expect(await until(askedOnce)).toBe(true);
    expect(await ended(page, id)).toMatchObject({ failure: null });
    expect(await awake()).toBe(false);
    const runs = await ask(page, 'runs.list', {});
    expect(runs.map((r) => [r.mode, r.status])).toEqual([
      ['accuracy', 'finished'],
      ['energy', 'finished'],
      ['performance', 'finished'],
    ]);
    const report = await inPage<string>(
      page,
      `return (await fetch(location.origin + '/report/2')).headers.get('content-security-policy')`,
    );
    expect(report).not.toContain('script-src');
  });

  it('prints a report to PDF by itself', async () => {
    const { page } = desktop;
    const { bytes, mediaType } = await ask(page, 'reports.render', { runs: [2], format: 'pdf' });
    expect(mediaType).toBe('application/pdf');
    // a typed array comes out of the page's evaluation as an object of its elements
    const head = Object.values(bytes).slice(0, 5);
    expect(String.fromCharCode(...head)).toBe('%PDF-');
  });

  it('starts the core again when it dies in a run, and the run goes on', async () => {
    const { app, page } = desktop;
    const model = (await ask(page, 'models.list', {})).find((m) => m.name === 'tiny-ad')!;
    const { id } = await ask(page, 'runs.start', {
      mode: 'performance',
      targetId: 'pico-emulated',
      model: model.token,
      windows: 400,
      windowS: 0.2,
    });
    const runId = await until(async () => {
      const activity = (await ask(page, 'activities.list', {})).find((a) => a.id === id)!;
      return activity.runId;
    });
    await app.evaluate(({ app: main }) => {
      const core = main.getAppMetrics().find((m) => (m.name ?? m.serviceName) === 'Microjoule core')!;
      process.kill(core.pid, 'SIGKILL');
    });
    // the port may still be that of the dead one
    const about = await until(async () => {
      const next = await ask(page, 'bench.about', {}).catch(() => null);
      return next?.interruptedRuns.includes(runId) ? next : null;
    });
    expect(about.interruptedRuns).toEqual([runId]);
    const reports = readdirSync(join(dir, 'config/Microjoule/crash-reports'));
    expect(reports).toHaveLength(1);
    expect(readFileSync(join(dir, 'config/Microjoule/crash-reports', reports[0]!), 'utf8')).toContain(
      'Microjoule',
    );
    // the page has found its new core, and offers what the dead one left
    await until(() =>
      inPage<true | null>(
        page,
        `const offer = [...document.querySelectorAll('button')].find((b) => b.textContent.includes('Recover interrupted run'));
         offer?.click();
         return offer && document.body.innerText.includes('Bench connected') ? true : null`,
      ),
    );
    await until(async () => {
      const run = (await ask(page, 'runs.list', {})).find((r) => r.runId === runId)!;
      return run.status === 'running' || null;
    });
    const resumed = (await ask(page, 'activities.list', {})).find((a) => a.runId === runId)!;
    await ask(page, 'activities.stop', { id: resumed.id });
    await ended(page, resumed.id);
  });

  it('sends nothing anywhere: crash reports stay here', async () => {
    expect(await desktop.app.evaluate(({ crashReporter }) => crashReporter.getUploadToServer())).toBe(false);
  });

  it('saves what the page has made, and fetches nothing', async () => {
    const { app, page } = desktop;
    const path = join(dir, 'saved.txt');
    await app.evaluate(({ session }, to) => {
      const seen: string[] = [];
      Object.assign(globalThis, { seen });
      session.defaultSession.on('will-download', (event, item) => {
        seen.push(`${item.getURL().split(':')[0]} ${event.defaultPrevented ? 'refused' : 'saved'}`);
        item.setSavePath(to);
      });
    }, path);
    await inPage(
      page,
      `for (const href of ['data:text/plain,x', URL.createObjectURL(new Blob(['made here']))]) {
         const link = Object.assign(document.createElement('a'), { href, download: 'x.txt' });
         document.body.append(link); link.click(); link.remove();
         await new Promise((resolve) => setTimeout(resolve, 100));
       }`,
    );
    await until(() => (existsSync(path) && readFileSync(path, 'utf8') === 'made here' ? true : null));
    expect(await app.evaluate(() => (globalThis as unknown as { seen: string[] }).seen)).toEqual([
      'data refused',
      'blob saved',
    ]);
  });

  it('stops what goes on when it is closed all the same, so that it can go on later', async () => {
    const { app, page } = desktop;
    await app.evaluate(({ dialog }) => {
      dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false });
    });
    const model = (await ask(page, 'models.list', {})).find((m) => m.name === 'tiny-ad')!;
    const { id } = await ask(page, 'runs.start', {
      mode: 'performance',
      targetId: 'pico-emulated',
      model: model.token,
      windows: 400,
      windowS: 0.2,
    });
    const runId = await until(async () => {
      const activity = (await ask(page, 'activities.list', {})).find((a) => a.id === id)!;
      return activity.runId;
    });
    const closed = app.waitForEvent('close');
    await app.evaluate(({ BrowserWindow }) => {
      setTimeout(() => BrowserWindow.getAllWindows()[0]!.close(), 0);
    });
    await closed;
    await using core = orThrow(await createCore({ dbPath: join(dir, 'bench.db'), mustExist: true }));
    const run = orThrow(core.runs()).find((r) => r.runId === runId);
    expect(run?.status).toBe('interrupted');
  });
});

describeWith([needs.electron22], 'the desktop window on a served bench', () => {
  it('talks to that bench and to nothing else', async () => {
    using display = await openScreen();
    const { dir: own, remove: removeOwn } = scratch();
    try {
      await using bench = await serveBench(join(own, 'bench.db'));
      await using desktop = await openDesktop({
        display: display.display,
        configDir: join(own, 'config'),
        args: ['--attach', bench.url],
      });
      const { app, page } = desktop;
      const host = new URL(bench.origin).host;
      expect(await inPage(page, 'return microjouleDesktop.attachedTo')).toBe(`ws://${host}/bench`);
      const policy = await inPage<string>(
        page,
        `return (await fetch(location.origin + '/')).headers.get('content-security-policy')`,
      );
      expect(policy).toContain(`connect-src 'self' ws://${host};`);
      const reached = await inPage(
        page,
        `const open = (url) => new Promise((resolve) => {
           try { const s = new WebSocket(url); s.onopen = () => resolve('open'); s.onerror = () => resolve('refused'); }
           catch { resolve('blocked'); } });
         return [await open('ws://${host}/bench'), await open('ws://127.0.0.1:9/bench'),
           await fetch('${bench.origin}/report/1').then(() => 'reached', () => 'blocked')]`,
      );
      expect(reached).toEqual(['open', 'refused', 'blocked']);
      // attached it is as shut in as with a core of its own
      const before = page.url();
      expect(
        await inPage(
          page,
          `try { location.href = 'https://example.com/' } catch {}
           return {
             surface: Object.keys(microjouleDesktop).sort(), require: typeof window.require, process: typeof window.process,
             opened: window.open('https://example.com/') === null,
             microphone: await navigator.mediaDevices.getUserMedia({ audio: true }).then(() => 'granted', (e) => e.name),
             clipboardRead: await navigator.clipboard.readText().then(() => 'granted', (e) => e.name),
           }`,
        ),
      ).toEqual({
        surface: ['attachedTo', 'onCommand', 'onOpened', 'openFile', 'requestPort'],
        require: 'undefined',
        process: 'undefined',
        opened: true,
        microphone: 'NotAllowedError',
        clipboardRead: 'NotAllowedError',
      });
      expect(page.url()).toBe(before);
      expect(await app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1);
      const demo = await askSocket(page, `ws://${host}/bench`, 'runs.demo', shortDemo);
      await until(async () => {
        const activities = await askSocket(page, `ws://${host}/bench`, 'activities.list', {});
        const activity = activities.find((a) => a.id === demo.id)!;
        expect(activity.failure).toBeNull();
        return activity.state === 'ended' || null;
      });
      const runs = await askSocket(page, `ws://${host}/bench`, 'runs.list', {});
      expect(runs.map((r) => r.status)).toEqual(['finished', 'finished', 'finished']);
      expect(await inPage(page, `return (await fetch(location.origin + '/report/1')).status`)).toBe(200);
      expect(await inPage(page, `return (await fetch(location.origin + '/report/99')).status`)).toBe(404);
      const utilities = await app.evaluate((electron) =>
        electron.app.getAppMetrics().filter((m) => (m.name ?? m.serviceName) === 'Microjoule core'),
      );
      expect(utilities).toEqual([]);
    } finally {
      removeOwn();
    }
  });
});

describeWith([needs.electron22], 'the packaged desktop app', () => {
  it('starts, keeps Node and the inspector away, and runs the demo from its archive', async () => {
    using display = await openScreen();
    const { dir: own, remove: removeOwn } = scratch();
    const env = {
      DISPLAY: display.display,
      XDG_CONFIG_HOME: join(own, 'config'),
      MICROJOULE_SQLITE_ADDON: electron22.sqliteAddon,
    };
    try {
      const program = await packageForElectron22(own);
      const resources = join(own, 'packages/linux-unpacked/resources');
      expect(readdirSync(resources).sort()).toEqual([
        '99-microjoule.rules',
        'app.asar',
        'app.asar.unpacked',
        'bench',
      ]);
      expect(existsSync(join(resources, 'bench/firmware/prebuilt/pico/microjoule-pico.bin'))).toBe(true);
      const fuses = await getCurrentFuseWire(program);
      const fuse = (option: FuseV1Options) => String.fromCharCode(fuses[option]!);
      expect({
        runAsNode: fuse(FuseV1Options.RunAsNode),
        nodeOptions: fuse(FuseV1Options.EnableNodeOptionsEnvironmentVariable),
        inspect: fuse(FuseV1Options.EnableNodeCliInspectArguments),
        asarOnly: fuse(FuseV1Options.OnlyLoadAppFromAsar),
      }).toEqual({ runAsNode: '0', nodeOptions: '0', inspect: '0', asarOnly: '1' });
      const version = spawnSync(program, ['--no-sandbox', '--version'], {
        env: { ...process.env, ...env, ELECTRON_RUN_AS_NODE: '1' },
        encoding: 'utf8',
      });
      expect(version.stdout.trim()).toBe(productVersion());
      const args = ['--inspect=0', '--db', join(own, 'bench.db')];
      await using packaged = await openPackaged(program, args, env);
      const { page, said } = packaged;
      expect(said()).not.toContain('Debugger listening');
      expect(page.url()).toMatch(/^app:\/\/microjoule\//);
      const about = await ask(page, 'bench.about', {});
      expect(about).toMatchObject({ host: 'desktop', version: productVersion() });
      const { id } = await ask(page, 'runs.demo', shortDemo);
      expect(await ended(page, id)).toMatchObject({ failure: null });
    } finally {
      removeOwn();
    }
  });
});
