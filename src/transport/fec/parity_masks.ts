/** Most parity packets of one group: as many bits as a mask has here. */
export const MAX_PARITY = 12;

/**
 * Parity packets in how many a media packet is, most wanted first. Two: one of them may be lost.
 * Three where pairs are used up. One at last: it helps others whose second parity was lost. Measured
 * over all sizes and losses of interest, this order leaves fewest frames unrepaired.
 */
const WEIGHTS = [2, 3, 1];

const known = new Map<number, number[]>();

/**
 * Which parity packets cover which media packet: bit `j` of entry `i` is set where parity packet `j`
 * contains media packet `i`.
 *
 * Receivers solve parity packets one by one, each for a single missing packet. Two lost packets with
 * different entries are always solved so: some parity packet has only one of them. So entries are
 * different as long as there are different ones, and parity packets cover about equally many.
 *
 * @param media 1 or more
 * @param parity 1–{@linkcode MAX_PARITY}
 */
export function parityMasks(media: number, parity: number): number[] {
  const key = media * 64 + parity;
  let masks = known.get(key);
  if (!masks) known.set(key, masks = choose(media, parity));
  return masks;
}

function choose(media: number, parity: number): number[] {
  const candidates = WEIGHTS.flatMap((weight) => masksOf(weight, parity));
  const used = new Array(candidates.length).fill(0);
  const covered = new Array(parity).fill(0);
  const masks: number[] = [];
  for (let i = 0; i < media; i++) {
    let best = 0;
    let least = Infinity;
    for (const [at, { rows, rank }] of candidates.entries()) {
      const most = Math.max(...rows.map((row) => covered[row]));
      const mean = rows.reduce((sum, row) => sum + covered[row], 0) / rows.length;
      const cost = used[at] * 1e6 + rank * 1e4 + most * 100 + mean;
      if (cost < least) [best, least] = [at, cost];
    }
    used[best]++;
    for (const row of candidates[best].rows) covered[row]++;
    masks.push(candidates[best].rows.reduce((mask, row) => mask | 1 << row, 0));
  }
  return masks;
}

/** All sets of `weight` of `parity` rows. */
function masksOf(weight: number, parity: number): { rows: number[]; rank: number }[] {
  const rank = WEIGHTS.indexOf(weight);
  let sets: number[][] = [[]];
  for (let i = 0; i < weight; i++) {
    sets = sets.flatMap((set) =>
      Array.from({ length: parity }, (_, row) => row)
        .filter((row) => set.length === 0 || row > set[set.length - 1])
        .map((row) => [...set, row])
    );
  }
  return sets.map((rows) => ({ rows, rank }));
}
