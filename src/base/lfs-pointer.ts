/** @file Git LFS pointers, which stand in for large files in a repository that was cloned without Git LFS. */

/** How a pointer file begins (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
export const LFS_POINTER = 'version https://git-lfs.github.com/spec/';

/** What messages call such a file. */
export const LFS_KIND = 'the pointer of a Git LFS file';

/** What to do about it. */
export const LFS_REMEDY = 'run `git lfs pull` in its repository';
