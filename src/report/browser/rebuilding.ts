/** @file What the reader has done to a page, which is kept when the page is rebuilt. */

/**
 * Remembers which collapsible parts are open, by section and place within it.
 *
 * @returns opens them again after the page was rebuilt, with their contents
 */
export function openedDetails(): () => void {
  const places = (): [string, HTMLDetailsElement][] =>
    [...document.querySelectorAll('section')].flatMap((section) =>
      [...section.querySelectorAll('details')].map((each, i): [string, HTMLDetailsElement] => [
        `${section.id} ${i}`,
        each,
      ]),
    );
  const opened = new Set(places().flatMap(([place, { open }]) => (open ? [place] : [])));
  return () => {
    for (const [place, element] of places()) {
      if (!opened.has(place)) continue;
      element.open = true;
      element.dispatchEvent(new Event('toggle')); // its own comes too late to print what it fills in
    }
  };
}

/** What can be reached with the keyboard. */
const REACHABLE = 'a[href], button, input, select, summary, [tabindex]';

/**
 * Remembers which element has the focus, by its id or its place among those that can have it.
 *
 * @returns gives the focus back after the page was rebuilt
 */
export function heldFocus(): () => void {
  const all = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>(REACHABLE)];
  const focused = document.activeElement as HTMLElement | null;
  const before = all();
  const place = focused === null ? -1 : before.indexOf(focused);
  return () => {
    if (focused === null || place === -1) return;
    const now = all();
    const same = focused.id === '' ? undefined : document.getElementById(focused.id);
    (same ?? (now.length === before.length ? now[place] : undefined))?.focus({ preventScroll: true });
  };
}
