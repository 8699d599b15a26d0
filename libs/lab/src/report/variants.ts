import { tierLook, type Look } from './looks.ts';

export interface PlacementLook {
  /** "device 0.50 int8". */
  readonly name: string;
  /** "0.50 int8". */
  readonly short: string;
  readonly look: Look;
}

interface Placed {
  readonly tier: string;
  readonly variant: string;
}

const tiers = ['device', 'edge', 'cloud'];

/** Colour by tier, lighter for variants earlier in the alphabet (narrower), striped for INT8. In the order of stacking. */
export function placementLooks(placements: readonly Placed[]): Map<string, PlacementLook> {
  const variants = [...new Set(placements.map(({ variant }) => variant))].sort();
  const prefix = commonPrefix(variants);
  const sizes = [...new Set(variants.map(sizeOf))].sort();
  const tierRank = ({ tier }: Placed) => (tiers.includes(tier) ? tiers.indexOf(tier) : tiers.length);
  const distinct = [...new Map(placements.map((placed) => [placementKey(placed), placed])).values()].sort(
    (a, b) => tierRank(a) - tierRank(b) || (a.variant < b.variant ? -1 : 1),
  );
  return new Map(
    distinct.map((placed) => {
      const short = placed.variant.slice(prefix.length).replaceAll('-', ' ');
      const rank = sizes.indexOf(sizeOf(placed.variant));
      const strength = sizes.length < 2 ? 1 : 0.35 + (0.65 * rank) / (sizes.length - 1);
      const look = { ...tierLook(placed.tier), striped: placed.variant.includes('int8'), strength };
      return [placementKey(placed), { name: `${placed.tier} ${short}`, short, look }];
    }),
  );
}

export const placementKey = ({ tier, variant }: Placed): string => `${tier} ${variant}`;

const sizeOf = (variant: string): string => variant.replace(/-?(fp32|int8)$/, '');

/** Up to a dash, so that what is left starts with a word; nothing where it would leave a name empty. */
function commonPrefix(names: readonly string[]): string {
  const [first = '', ...others] = names;
  if (others.length === 0) return '';
  let length = 0;
  while (length < first.length && others.every((name) => name[length] === first[length])) length++;
  return first.slice(0, first.lastIndexOf('-', length - 1) + 1);
}
