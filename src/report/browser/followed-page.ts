/** @file A page built from its data alone, and rebuilt whenever the data changes. */
import type { PageData } from '../pages.js';
import { followPage } from './live.js';
import { openShell } from './shell.js';
import type { Look, Part } from './view.js';

/** How such a page is built. */
export interface FollowedPage<Page extends PageData> {
  readonly title: (page: Page, look: Look) => string;
  /** What builds the parts; called again for another language or theme. */
  readonly parts: (page: Page, look: Look) => readonly (() => Part)[];
}

/** Shows a page, and keeps it live if it is served. */
export function showFollowed<Page extends PageData>(first: Page, { title, parts }: FollowedPage<Page>): void {
  let page = first;
  const shell = openShell({
    facts: () => page,
    title: (look) => title(page, look),
    parts: (look) => parts(page, look),
  });
  if (first.live)
    followPage(
      first,
      (news) => {
        page = news;
        shell.render();
      },
      shell.showConnection,
    );
}
