import htm from 'htm';
import { type VNode, h } from 'preact';

/** Markup as a tagged template. Every value is escaped: it becomes text or an attribute, never markup. */
export const html = htm.bind(h) as (strings: TemplateStringsArray, ...values: unknown[]) => VNode;
