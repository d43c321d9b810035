/** @file What lies in place of a large file in a repository that was cloned without Git LFS. */

/** How a pointer begins (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
export const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/** What such a file is, for messages. */
export const LFS_KIND = 'the pointer of a Git LFS file';

/** What to do about it. */
export const LFS_REMEDY = 'run `git lfs pull` in its repository';
