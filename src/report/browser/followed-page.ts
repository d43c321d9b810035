/** @file A page that is made of its data alone, and made anew when these change. */
import type { PageData } from '../pages.js';
import { followPage } from './live.js';
import { openShell } from './shell.js';
import type { Look, Part } from './view.js';

/** What such a page makes of its data. */
export interface FollowedPage<Page extends PageData> {
  readonly title: (page: Page, look: Look) => string;
  /** All parts, made anew: for another language or theme, too. */
  readonly parts: (page: Page, look: Look) => Part[];
}

/** Shows a page, and keeps it up to date where its server can be asked. */
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
