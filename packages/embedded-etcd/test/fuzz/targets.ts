/** What the embedded etcd takes from strangers: the bytes of HTTP/2 that it repairs, and messages. */
import { status } from '@grpc/grpc-js';
import type { FuzzTarget } from '@lb/testkit';
import assert from 'node:assert/strict';

import { AuthorityRepair } from '../../src/net/authority.ts';
import { Conversation, type Heard } from './conversation.ts';

const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

export const targets: readonly FuzzTarget[] = [
  {
    name: 'authority',
    words: [
      preface,
      '\u0000\u0000\u0010\u0001\u0004\u0000\u0000\u0000\u0001',
      'http://127.0.0.1',
      '\u00ff\u0080\u0080',
      '/',
    ],
    run: authority,
  },
  {
    name: 'messages',
    slow: true,
    words: [
      '\n\u0001k',
      '\u0012\u0001z',
      '\u0008\u0001',
      '\u0010\u0001',
      '\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u00ff\u0001',
      'root',
      '\u0000',
    ],
    run: messages,
  },
];

/** Every byte comes out once, in its place, changed at most from a slash to a dot; in whatever pieces it came. */
function authority(input: Buffer): string {
  const cut = input[0] ?? 0;
  // What was cut off by the end stays inside, waiting for the rest.
  const whole = new AuthorityRepair().push(Buffer.from(input));
  assert.ok(whole.length <= input.length);
  const repair = new AuthorityRepair();
  const pieces: Buffer[] = [];
  // The first bytes tell HTTP/2 from anything else, and come in one piece.
  for (let at = 0, next = Math.min(input.length, preface.length); at < input.length;) {
    pieces.push(Buffer.from(repair.push(Buffer.from(input.subarray(at, next)))));
    at = next;
    next = Math.min(input.length, at + 1 + (cut % 40));
  }
  assert.deepEqual(Buffer.concat(pieces), Buffer.from(whole));
  let changed = 0;
  for (const [index, byte] of whole.entries()) if (byte !== input[index]) changed += 1;
  return `${whole.length < input.length ? 'some' : 'none'} held back, ${changed > 0 ? 'some' : 'none'} repaired`;
}

/**
 * Calls one after the other, each as a byte for the method, a byte for the length, and the message. An answer is one that can be
 * sent, or a status of etcd's; revisions only grow.
 */
async function messages(input: Buffer): Promise<string> {
  const conversation = new Conversation();
  const heard: Heard[] = [];
  try {
    for (let at = 0; at + 2 <= input.length && heard.length < 16;) {
      const length = input[at + 1] ?? 0;
      heard.push(await conversation.say(input[at] ?? 0, input.subarray(at + 2, at + 2 + length)));
      at += 2 + length;
    }
  } finally {
    conversation.close();
  }
  let revision = 0;
  for (const one of heard) {
    assert.ok(one.code !== status.INTERNAL, `${one.method} failed: ${one.details}`);
    // 0 stands for none, as in answers about members.
    if (one.revision === undefined || one.revision === 0) continue;
    assert.ok(one.revision >= revision, `${one.method} answered with revision ${one.revision} after ${revision}`);
    revision = one.revision;
  }
  // The last one by its details, those before by their status: all of them would be news each time.
  const last = heard.at(-1);
  return `${heard.length} ${last?.method} ${last?.code ?? 'unreadable'} ${last?.details.replaceAll(/\d+/g, '#')}`;
}
