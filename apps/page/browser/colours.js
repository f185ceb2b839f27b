/**
 * Which colour stands for which provider, in the table, the charts and the picture: given out in the order in which they appear, and
 * kept, so that nothing changes colour while one looks at it. Providers beyond the eighth are grey: nobody tells more apart.
 */
const count = 8;

/** @type {Map<string, number>} */
const given = new Map();
let next = 0;

/**
 * The class that colours what is about `name`: all runs of one provider look the same.
 * @param {string} name
 */
export function colourOf(name) {
  let colour = given.get(name);
  if (colour === undefined) given.set(name, (colour = next++));
  return colour < count ? `series-${colour}` : 'series-other';
}
