/** Svelte's runes where they are compiled away: outside a page a test gives them as plain values. */
declare function $state<T>(value: T): T;
declare namespace $state {
  function raw<T>(value: T): T;
}
