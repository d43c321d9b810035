/** @file The claims of other processes that hold or want the lock of a folder. */
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { changeTime, CLAIM, SOCKET, type LockOwner } from './claim.js';
import { TIMES, type HeartbeatTimes } from './heartbeat.js';
import { askSocket } from './socket.js';
import { look, stirs, type Claim } from './verdict.js';

/** Finds the other claims in a folder. Removes dead ones. */
export async function findOtherClaims(
  own: string,
  folder: string,
  { times = TIMES, onWait }: { readonly times?: HeartbeatTimes; readonly onWait?: (text: string) => void },
): Promise<{ alive: Claim[]; dead: LockOwner | undefined }> {
  const now = (await stat(join(folder, own))).mtimeMs; // now, by the file system's clock
  const alive: Claim[] = [];
  let dead: LockOwner | undefined;
  const names = await readdir(folder);
  for (const name of names.filter((each) => CLAIM.test(each) && each !== own)) {
    const found = await look(folder, name, now, times);
    if (found.verdict === 'none') continue;
    if (found.verdict === 'alive' || (found.verdict === 'silent' && (await stirs(folder, found, times, onWait)))) {
      alive.push(found);
      continue;
    }
    await rm(join(folder, name), { force: true });
    await rm(join(folder, `${name}.socket`), { force: true });
    dead ??= found.owner;
  }
  alive.push(...(await unclaimedSockets(own, folder, names, now, times)));
  return { alive, dead };
}

/**
 * Finds sockets without a claim. They belong to processes that are about to write theirs or just stepping back, or to
 * an owner whose claim was removed.
 */
async function unclaimedSockets(
  own: string,
  folder: string,
  names: readonly string[],
  now: number,
  { limit }: HeartbeatTimes,
): Promise<Claim[]> {
  const alive: Claim[] = [];
  for (const [socket, name] of names.map((each) => SOCKET.exec(each) ?? []) as [string?, string?][]) {
    if (socket === undefined || name === undefined || name === own || names.includes(name)) continue;
    if ((await askSocket(folder, socket)) === 'answers')
      alive.push({ name, owner: undefined, isCertain: true, age: 0 });
    else if (now - (await changeTime(join(folder, socket))) > limit) await rm(join(folder, socket), { force: true });
  }
  return alive;
}
