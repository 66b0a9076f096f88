// A name for a service that was given none, as Docker makes them up.

const adjectives =
  'amber brave calm clever eager early fair fond gentle glad happy keen kind lively lucid merry mild nimble noble patient quick quiet ready serene sharp shy silver sleepy sturdy sunny swift tidy vivid warm wise witty zesty'.split(
    ' ',
  );
const animals =
  'badger bat bear beaver bee bison crane crow deer dolphin eagle falcon finch fox gecko goose hare hawk heron ibex koala lark lynx mole moose moth newt orca otter owl panda perch puffin raven robin seal shrew sparrow stork swallow swan tern toad trout vole walrus wasp whale wolf wren'.split(
    ' ',
  );

/** `random` gives numbers from 0 to 1. */
export function makeName(random: () => number): string {
  const pick = (words: readonly string[]) => words[Math.floor(random() * words.length)]!;
  return `${pick(adjectives)}_${pick(animals)}`;
}
