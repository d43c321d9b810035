import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  findReadToken,
  findToken,
  hubAddress,
  hubCacheFolder,
  ownCacheFolder,
  hubTimeout,
  offlineVariable,
} from '../../src/weights/hub-environment.js';
import { failureOf, temporaryFolder } from './support.js';

let home: string;
beforeEach(async () => {
  home = await temporaryFolder();
  for (const name of [
    'HF_TOKEN',
    'HUGGING_FACE_HUB_TOKEN',
    'HF_TOKEN_PATH',
    'HF_HUB_DISABLE_IMPLICIT_TOKEN',
    'HF_HOME',
  ])
    vi.stubEnv(name, undefined);
  for (const name of ['HF_HUB_CACHE', 'HUGGINGFACE_HUB_CACHE', 'HF_ENDPOINT', 'HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE'])
    vi.stubEnv(name, undefined);
  vi.stubEnv('XDG_CACHE_HOME', home);
  vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', undefined);
});
afterEach(() => {
  vi.unstubAllEnvs();
});

async function stored(text: string, path = join(home, 'huggingface', 'token')): Promise<string> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, text);
  return path;
}

describe('the token', () => {
  it('comes from HF_TOKEN, HUGGING_FACE_HUB_TOKEN, or the file, in this order', async () => {
    expect(await findToken()).toBeUndefined();
    const path = await stored('hf_stored\n');
    expect(await findToken()).toEqual({ value: 'hf_stored', source: path });
    vi.stubEnv('HUGGING_FACE_HUB_TOKEN', 'older');
    expect((await findToken())?.value).toBe('older');
    vi.stubEnv('HF_TOKEN', 'newer');
    expect(await findToken()).toEqual({ value: 'newer', source: 'HF_TOKEN' });
    vi.stubEnv('HF_TOKEN', '');
    expect((await findToken())?.value).toBe('older');
  });

  it('is stored where HF_TOKEN_PATH, HF_HOME or XDG_CACHE_HOME says', async () => {
    await stored('of xdg');
    await stored('of-home', join(home, 'elsewhere', 'token'));
    await stored('of-path', join(home, 'a-file'));
    vi.stubEnv('HF_HOME', join(home, 'elsewhere'));
    expect((await findToken())?.value).toBe('of-home');
    vi.stubEnv('PLACE_OF_TOKENS', home);
    vi.stubEnv('HF_TOKEN_PATH', '$PLACE_OF_TOKENS/a-file');
    expect((await findToken())?.value).toBe('of-path');
    vi.stubEnv('HF_TOKEN_PATH', '${PLACE_OF_TOKENS}/none');
    expect(await findToken()).toBeUndefined();
  });

  it.each([
    ['  token \n', 'token'],
    ['tok\r\nen', 'token'],
    ['api_org_x', 'api_org_x'],
    ['\n', undefined],
  ])('is trimmed, and may have any beginning: %j', async (text, value) => {
    await stored(text);
    expect((await findToken())?.value).toBe(value);
    vi.stubEnv('HF_TOKEN', text);
    expect((await findToken())?.value).toBe(value);
  });

  it.each(['two tokens', 'tok\ten', 'töken', 'tok\u0001en'])('is not %j, which is not quoted', async (text) => {
    vi.stubEnv('HF_TOKEN', text);
    expect(await failureOf(findToken())).toBe(
      'HF_TOKEN: expected a token of the hub, got characters that none has; copy it again',
    );
  });

  it('is not read from a folder', async () => {
    vi.stubEnv('HF_TOKEN_PATH', home);
    expect(await failureOf(findToken())).toBe(`${home}: expected a file, found a folder`);
  });

  it.skipIf(process.getuid?.() === 0)('is reported if it exists but cannot be read', async () => {
    const path = await stored('x');
    await chmod(path, 0);
    expect(await failureOf(findToken())).toBe(`${path}: cannot be read: permission denied`);
  });

  it('is not used for reading if HF_HUB_DISABLE_IMPLICIT_TOKEN is set', async () => {
    vi.stubEnv('HF_TOKEN', 'x');
    vi.stubEnv('HF_HUB_DISABLE_IMPLICIT_TOKEN', 'True');
    expect(await findReadToken()).toBeUndefined();
    expect((await findToken())?.value).toBe('x');
  });
});

describe('the hub', () => {
  it.each([
    [undefined, 'https://huggingface.co'],
    ['', 'https://huggingface.co'],
    ['https://hub.example/', 'https://hub.example'],
    [' https://hub.example/path/to// ', 'https://hub.example/path/to'],
    ['HTTPS://Hub.Example:8443', 'https://hub.example:8443'],
  ])('is at %j', (endpoint, url) => {
    vi.stubEnv('HF_ENDPOINT', endpoint);
    expect(hubAddress()).toEqual({ url, authorization: undefined });
  });

  it('is not contacted offline', () => {
    expect(offlineVariable()).toBe(undefined);
    vi.stubEnv('TRANSFORMERS_OFFLINE', 'YES');
    expect(offlineVariable()).toBe('TRANSFORMERS_OFFLINE');
    vi.stubEnv('HF_HUB_OFFLINE', '0');
    expect(offlineVariable()).toBe(undefined);
  });

  it.each([
    [undefined, 10_000],
    ['0.5', 500],
    ['60', 60_000],
  ])('has a time limit of %j s', (text, milliseconds) => {
    vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', text);
    expect(hubTimeout()).toBe(milliseconds);
  });

  it.each(['soon', '0', '-1', '1e99', 'NaN'])('has no time limit of "%s"', (text) => {
    vi.stubEnv('HF_HUB_DOWNLOAD_TIMEOUT', text);
    expect(() => hubTimeout()).toThrow(
      `HF_HUB_DOWNLOAD_TIMEOUT: expected seconds, more than 0 and at most a day, got ${text}; correct or unset it`,
    );
  });
});

describe('the cache', () => {
  it('is where Python has it', () => {
    expect(hubCacheFolder()).toBe(join(home, 'huggingface', 'hub'));
    vi.stubEnv('HF_HOME', '~/models');
    expect(hubCacheFolder()).toBe(join(homedir(), 'models', 'hub'));
    vi.stubEnv('HUGGINGFACE_HUB_CACHE', '/older');
    expect(hubCacheFolder()).toBe('/older');
    vi.stubEnv('HF_HUB_CACHE', '/newer');
    expect(hubCacheFolder()).toBe('/newer');
  });

  it('of kd is in XDG_CACHE_HOME only if that is absolute', () => {
    expect(ownCacheFolder()).toBe(join(home, 'kd', 'hub'));
    for (const place of ['~/models', 'models', '']) {
      vi.stubEnv('XDG_CACHE_HOME', place);
      expect(ownCacheFolder()).toBe(join(homedir(), '.cache', 'kd', 'hub'));
    }
  });
});
