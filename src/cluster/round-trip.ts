/** @file Whether a server of TensorFlow's answers, and how far away it is: gRPC is HTTP/2, which has pings. */
import { connect } from 'node:http2';

/**
 * Reaches a server of HTTP/2, and sends it a ping.
 *
 * @param address `host:port`
 * @param limit milliseconds in which it must have answered
 * @returns seconds from the ping to its answer
 * @throws Error where nothing answers in that time, or something else than such a server
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
