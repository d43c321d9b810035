/**
 * A part of Node's report that its types lack, as of Node 20.
 *
 * @typedef {{ excludeNetwork: boolean, getReport: () => { header: { glibcVersionRuntime?: string } } }} Report
 */

/**
 * A wheel's requirements on the machine.
 *
 * @typedef {{ platform: string, arch: string, glibc: string }} HostNeeds
 */

/**
 * The properties of the machine.
 *
 * @typedef {{ platform: string, arch: string, glibc: () => string | undefined }} Host
 */

/**
 * The operating system, CPU and glibc version (undefined with another C library) that Node runs on.
 *
 * @returns {Host}
 */
export function thisHost() {
  return { platform: process.platform, arch: process.arch, glibc: glibcVersion };
}

function glibcVersion() {
  // Otherwise the report looks up the names of all network peers.
  const report = /** @type {Report} */ (/** @type {unknown} */ (process.report));
  report.excludeNetwork = true;
  return report.getReport().header.glibcVersionRuntime;
}

/**
 * Why the wheel cannot run on `host`, in a few words; undefined if it can.
 *
 * @param {Host} host
 * @param {HostNeeds} needs
 */
export function hostMismatch(host, { platform, arch, glibc }) {
  if (host.platform !== platform || host.arch !== arch) {
    return `libtensorflow comes for ${platform} ${arch} only, and this is ${host.platform} ${host.arch}`;
  }
  const version = host.glibc();
  if (version === undefined) return `libtensorflow needs glibc ${glibc}, and this system has another C library`;
  if (isOlder(version, glibc)) return `libtensorflow needs glibc ${glibc} or newer, and this system has ${version}`;
  return undefined;
}

/**
 * @param {string} version
 * @param {string} minimum
 */
function isOlder(version, minimum) {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number);
  return major < minMajor || (major === minMajor && minor < minMinor);
}
