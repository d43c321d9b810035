/** Default of `--cluster-timeout`: how long a rank waits for another, in seconds. */
export const CLUSTER_TIMEOUT = 300;
