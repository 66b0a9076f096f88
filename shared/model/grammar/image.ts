// Whether a text can name an image, as docker's reference package has it (ParseNormalizedNamed). It says nothing of
// whether there is such an image.

/** A repository of 255 characters, a tag and a digest. */
const MAX_LENGTH = 1024;

const component = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const host = '(?:[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?';
/** What comes before the first slash is a host when it couldn't be anything else. */
const registry = `(?:(?=localhost/|[^/]*[.:A-Z])${host}/)`;
const tag = ':[\\w][\\w.-]{0,127}';
const digest = '@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';

const reference = new RegExp(`^${registry}?${component}(?:/${component})*(?:${tag})?(?:${digest})?$`);

export function isImageReference(text: string): boolean {
  return text.length <= MAX_LENGTH && reference.test(text);
}
