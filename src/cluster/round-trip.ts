/** @file Checks that a TensorFlow server answers, and measures its latency: gRPC uses HTTP/2, which has pings. */
import { connect } from 'node:http2';

/**
 * Connects to an HTTP/2 server and sends it a ping.
 *
 * @param address `host:port`
 * @param limit milliseconds to wait for an answer
 * @returns seconds from the ping to its answer
 * @throws Error if nothing, or something other than such a server, answers in time
 */
export async function roundTrip(address: string, limit: number): Promise<number> {
  const session = connect(`http://${address}`);
  let timer: NodeJS.Timeout | undefined;
  try {
    return await new Promise((resolve, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`no answer in ${limit / 1000} s`));
      }, limit);
      session.on('error', reject);
      session.on('close', () => {
        reject(new Error('the connection was closed without an answer'));
      });
      session.once('remoteSettings', () => {
        session.ping((error, milliseconds) => {
          if (error === null) resolve(milliseconds / 1000);
          else reject(error);
        });
      });
    });
  } finally {
    clearTimeout(timer);
    session.destroy();
  }
}
