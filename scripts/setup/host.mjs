/** The operating system, processor and glibc version (undefined with another C library) that Node runs on. */
export function thisHost() {
  return { platform: process.platform, arch: process.arch, glibc: glibcVersion };
}

function glibcVersion() {
  // Without this the report looks up the names of all network peers.
  process.report.excludeNetwork = true;
  return process.report.getReport().header.glibcVersionRuntime;
}

/** Says in a few words why the wheel cannot run on `host`, or returns undefined if it can. */
export function hostMismatch(host, { platform, arch, glibc }) {
  if (host.platform !== platform || host.arch !== arch) {
    return `libtensorflow comes for ${platform} ${arch} only, and this is ${host.platform} ${host.arch}`;
  }
  const version = host.glibc();
  if (version === undefined) return `libtensorflow needs glibc ${glibc}, and this system has another C library`;
  if (isOlder(version, glibc)) return `libtensorflow needs glibc ${glibc} or newer, and this system has ${version}`;
  return undefined;
}

function isOlder(version, minimum) {
  const [major, minor] = version.split('.').map(Number);
  const [minMajor, minMinor] = minimum.split('.').map(Number);
  return major < minMajor || (major === minMajor && minor < minMinor);
}
