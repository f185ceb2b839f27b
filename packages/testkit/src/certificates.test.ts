import { X509Certificate } from 'node:crypto';
import { connect, createServer } from 'node:tls';
import { expect, test } from 'vitest';
import { createAuthority } from './certificates.ts';

test('issues certificates that say who they are for, and that their root has signed', () => {
  const authority = createAuthority();
  const root = new X509Certificate(authority.ca);
  const certificate = new X509Certificate(authority.issue('somebody').cert);
  expect(root.ca).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.subject).toBe('CN=somebody');
  expect(certificate.verify(root.publicKey)).toBe(true);
  expect(certificate.verify(new X509Certificate(createAuthority().ca).publicKey)).toBe(false);
  expect(certificate.checkHost('localhost')).toBe('localhost');
  expect(certificate.checkIP('127.0.0.1')).toBe('127.0.0.1');
});

test('two sides that trust the root talk, and know each other', async () => {
  const authority = createAuthority();
  const server = createServer({ ...authority.issue('server'), ca: authority.ca, requestCert: true }, (socket) => {
    socket.end(String(socket.getPeerCertificate().subject.CN));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const heard = await new Promise<string>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.ca, ...authority.issue('client') });
    socket.on('data', (chunk: Buffer) => resolve(chunk.toString()));
    socket.on('error', reject);
  });
  server.close();
  expect(heard).toBe('client');
});
