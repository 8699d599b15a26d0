import type { Results } from '../measure/results.ts';
import { arrivalsClaims, claimsTable, difference, gapsClaims, isAsked, plannerClaims } from './claims.ts';
import { interval, msWithInterval, oneDecimal, wholePercent } from './format.ts';
import {
  arrivalsHeadline,
  beyondFivePercent,
  plannerHeadline,
  type ArrivalsHeadline,
  type PlannerHeadline,
} from './headline.ts';
import { learningSentences } from './learning-sentences.ts';
import { markup, type Markup } from './markup.ts';
import { belowFloor, cellName, floorName, users } from './select.ts';

/** What people look for first: sentences with the figures, and what was promised against what was seen. */
export function headlineContent(results: Results): Markup {
  const planner = plannerHeadline(results);
  const arrivals = arrivalsHeadline(results);
  const claims = [
    ...(planner ? plannerClaims(planner) : []),
    ...(arrivals ? arrivalsClaims(arrivals) : []),
    ...gapsClaims(beyondFivePercent(results)),
  ];
  const sentences = [planner && plannerSentence(planner), arrivals && arrivalsSentence(arrivals)];
  const others = learningSentences(results);
  const none = !planner && !arrivals && others.length === 0;
  return markup`${sentences.map((sentence) => sentence && markup`<p class="headline">${sentence}</p>\n`)}${
    planner && !isAsked(planner.unit) && results.units.length > 1 && nearest
  }${none && nothing}${claims.length > 0 && claimsTable(claims)}${
    others.length > 0 && markup`<ul>${others.map((sentence) => markup`<li>${sentence}</li>`)}</ul>\n`
  }`;
}

const nearest = markup`<p class="missing">Experiment A with 5 users at floor 89 is not among these results; the nearest to it is given.</p>\n`;

const nothing = markup`<p class="missing">No run of planner and offload-only, and none of Poisson arrivals, is among these results.</p>\n`;

function plannerSentence({ unit, ...seen }: PlannerHeadline): Markup {
  const where = `${cellName(unit)}, ${users(unit.users)}, ${floorName(unit.floor)}`;
  const faster = difference(seen.overOffloadOnlyPct);
  const points = seen.accuracyPoints;
  return markup`${where}: the planner answers in <b>${msWithInterval(seen.plannerMs)}</b> on average where offload-only needs ${msWithInterval(seen.offloadOnlyMs)}: <b>${faster}</b>${
    points &&
    markup`, at <b>${oneDecimal(Math.abs(points.mean))} points ${points.mean < 0 ? 'less' : 'more'}</b> measured accuracy (${interval(points)})`
  }. The measured oracle takes ${msWithInterval(seen.oracleMs)}; the planner is ${oneDecimal(Math.abs(seen.gapToOraclePct))}${'\u00a0'}% ${seen.gapToOraclePct < 0 ? 'below' : 'above'} it${
    seen.gapToOracleIntervalPct && ` (${interval(seen.gapToOracleIntervalPct)})`
  }.`;
}

function arrivalsSentence({ unit, byDefault, static: fixed, overStaticPct }: ArrivalsHeadline): Markup {
  const broken = belowFloor(byDefault);
  return markup`Poisson arrivals at ${wholePercent(unit.load)} load, ${users(unit.users)}, ${floorName(unit.floor)}: planner and dispatch answer in <b>${msWithInterval(byDefault.meanMs)}</b> on average where the best static joint placement needs ${msWithInterval(fixed.meanMs)}: <b>${difference(overStaticPct)}</b>, with the floor ${
    broken === 0 ? 'held at every frame' : `broken after ${broken} frames`
  }.`;
}
