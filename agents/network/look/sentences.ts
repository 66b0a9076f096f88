// What of a namespace isn't as it should be, in words: the lines that would mend it, told the other way round. Pure.
import { findWrongLinks, mendPicture } from '../links/mend-picture.ts';
import type { Picture } from '../links/picture.ts';

export function sayDifferences(is: Picture, should: Picture): string[] {
  const { surplus, missing } = findWrongLinks(is, should);
  const wrong = new Set([...surplus, ...missing]);
  // Whatever goes with a link goes and comes with it.
  const isItsOwn = (line: string) => line.split(' ').some((word) => wrong.has(word));
  const { ip, bridge } = mendPicture(is, should);
  return [
    ...[...missing].map((name) => `link ${name} is ${is.links.has(name) ? 'another' : 'missing'}`),
    ...[...surplus].filter((name) => !missing.has(name)).map((name) => `link ${name} is nobody's`),
    ...[...ip, ...bridge].filter((line) => !isItsOwn(line)).map(sayLine),
  ];
}

function sayLine(line: string): string {
  const [, object, verb, rest] = /^(\S+) (\S+) (.*)$/.exec(line)!;
  if (object === 'link') return `link ${rest!.replace(/^(\S+) (.*)$/, '$1 is not $2')}`;
  return `${object} ${rest!.replace(/ proto(col)? \d+$/, '')} is ${verb === 'del' ? 'not ours' : 'missing'}`;
}
