import { describe, expect, it } from 'vitest';
import { splitCommaFields } from './comma-fields.ts';
import { parseMount, parsePort } from './docker-notation.ts';

// What docker 28.2 says to the same texts.

describe('fields with commas between them', () => {
  it.each([
    ['a,b', ['a', 'b']],
    ['', ['']],
    ['a,,b,', ['a', '', 'b', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a ""b"" c"', ['a "b" c']],
    [' a , b ', [' a ', ' b ']],
  ])('%s', (text, fields) => {
    expect(splitCommaFields(text)).toEqual(fields);
  });
  it.each([
    ['type=bind,source="a,b"', 'parse error on column 18: bare " in non-quoted-field'],
    ['type=bind,"source=/a', 'parse error on column 21: extraneous or missing " in quoted-field'],
    ['type=bind,"source=/a"b', 'parse error on column 21: extraneous or missing " in quoted-field'],
  ])('refuses %s', (text, error) => {
    expect(splitCommaFields(text)).toEqual({ error });
  });
});

describe('a mount', () => {
  it.each([
    ['TYPE=BIND,SRC=/x,DST=/y,RO', { type: 'bind', source: '/x', target: '/y', readOnly: true }],
    [
      '"source=/srv/a,b",target=/x,type=bind',
      { type: 'bind', source: '/srv/a,b', target: '/x', readOnly: false },
    ],
    ['type=Volume,target=/a', { type: 'volume', target: '/a', readOnly: false }],
    ['type=bind,source=/x ,target=/a', { type: 'bind', source: '/x ', target: '/a', readOnly: false }],
    ['src=A=B,target=/a,readonly=0', { type: 'volume', source: 'A=B', target: '/a', readOnly: false }],
    ['/srv:/data:ro', { type: 'bind', source: '/srv', target: '/data', readOnly: true }],
  ])('%s', (text, mount) => {
    expect(parseMount(text)).toEqual(mount);
  });
  it.each([
    ['type=bind, source=/x,target=/a', "unexpected key ' source' in ' source=/x'"],
    ['type=bind,target=/x,readonly=yes', 'invalid value for readonly: yes'],
    ['type=bind,target=/x,foo', "invalid field 'foo' must be a key=value pair"],
    ['type=bind,target=/x,foo=1', "unexpected key 'foo' in 'foo=1'"],
    ['type=bind,target=/x,constructor=1', "unexpected key 'constructor' in 'constructor=1'"],
    ['type=bind,src=/x,dst=/y,,ro', "invalid field '' must be a key=value pair"],
    ['type=bind,source=/x', 'target is required'],
    ['type=,target=/x', 'type is required'],
    ['type=NPIPE,target=/x', 'type=npipe is not supported by this version of muster'],
    ['type=volume,target=/x,volume-driver=nfs', 'volume-driver is not supported by this version of muster'],
  ])('refuses %s', (text, error) => {
    expect(parseMount(text)).toEqual({ error });
  });
});

describe('a port', () => {
  it.each([
    [
      'published=8080,target=80,mode=HOST',
      { published: 8080, target: 80, protocol: undefined, mode: 'host' },
    ],
    ['PUBLISHED=1,TARGET=80,PROTOCOL=UDP', { published: 1, target: 80, protocol: 'udp', mode: undefined }],
    ['"target=80",mode=Ingress', { published: undefined, target: 80, protocol: undefined, mode: 'ingress' }],
    ['8080:80/Udp', { published: 8080, target: 80, protocol: 'udp' }],
    ['80', { published: undefined, target: 80, protocol: undefined }],
  ])('%s', (text, port) => {
    expect(parsePort(text)).toEqual(port);
  });
  it.each([
    ['target=80,mode=foo', "invalid publish mode value (foo): must be either 'ingress' or 'host'"],
    ['target=80, mode=host', 'invalid field key:  mode'],
    ['target=80,,mode=host', 'invalid field: '],
    ['target=x', 'invalid target port (x): it is a whole number, at most 65535'],
    ['published=80', "missing mandatory field 'target'"],
    ['target=0', "missing mandatory field 'target'"],
    ['80/x', 'invalid proto: x'],
    ['127.0.0.1:80:80', 'hostip is not supported'],
    ['8000-8001:80-81', 'a range of ports is not supported by this version of muster'],
    ['http', 'invalid containerPort: http'],
  ])('refuses %s', (text, error) => {
    expect(parsePort(text)).toEqual({ error });
  });
});
