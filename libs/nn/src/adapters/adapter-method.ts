import type { adapterInits } from '@prad/adapter-options';
import type { Scope, Value } from '@prad/graph';
import type { ZodType } from 'zod';
import type { LanguageModel } from '../architectures/architecture.js';
import type { Site, SiteFlow } from '../architectures/site.js';
import type { ParameterSpec } from '../random/initialise.js';
import type { AdapterFamily, DropoutPlace } from './adapter-family.js';

export type AdapterInit = (typeof adapterInits)[number];

/** The tensor of that name within the part at hand. */
export type PartTensors = (name: string) => Value;

/** What a method trains at sites: how it starts, and how a family's tensors come from it. */
export interface SitePart {
  /** PEFT's name; part of the tensors' names: `model.layers.0.mlp.adapter.up.weight`. */
  readonly name: string;
  readonly family: AdapterFamily;
  readonly sites: readonly Site[];
  /** 0 where it has none. */
  readonly rank: number;
  /** The trained tensors at a site, named within it. */
  readonly parameters: (site: Site) => readonly ParameterSpec[];
  /** The family's tensors made of the trained ones: scales multiplied in, norms divided out. */
  readonly serve: (at: Scope, flow: SiteFlow, tensor: PartTensors) => Readonly<Record<string, Value>>;
  /** Start values that come from the base weight, in place of those of `parameters`. */
  readonly start?: (at: Scope, flow: SiteFlow) => Readonly<Record<string, Value>>;
  readonly dropout?: { readonly rate: number; readonly place: DropoutPlace } | undefined;
}

/** Keys and values in front of every row, which take up the first positions of the cache. */
export interface PrefixPart {
  /** P. */
  readonly length: number;
  readonly parameters: readonly ParameterSpec[];
  /** [P, 2*L*K*D]: keys of layer l at 2l, values at 2l + 1, as PEFT lays them out. */
  readonly serve: (at: Scope, tensor: PartTensors) => Value;
  /** Trained through an MLP, which is not kept. */
  readonly projected: boolean;
  /** Share of the rows' numbers that is dropped in training. */
  readonly dropout: number;
}

/** Trained rows for tokens that the vocabulary does not have: ids from its size on, in this order. */
export interface VirtualTokens {
  /** Texts that become such tokens in prompts. */
  readonly special: readonly string[];
  /** Soft tokens in front of every prompt. */
  readonly inFront: number;
  /** Whether the rows also extend the head, as the released GPT-2 code has it: not servable beside others. */
  readonly tied: boolean;
  /** Names of the trained tensors, [n, E] each. */
  readonly parameters: readonly ParameterSpec[];
}

/** The places of a model that a method takes. */
export interface AdapterParts {
  readonly sites?: readonly SitePart[];
  readonly prefix?: PrefixPart;
  /** Soft tokens in front of every prompt. */
  readonly softTokens?: readonly ParameterSpec[];
}

/** What every method's options have. */
export interface AdapterOptions {
  readonly special_tokens: readonly string[];
  readonly special_tokens_tied: boolean;
}

/** A method: its options, and what they make of a model. */
export interface AdapterMethod<O extends AdapterOptions> {
  /** PEFT's name. */
  readonly name: string;
  /** Options with their defaults. */
  readonly options: ZodType<O>;
  /** @throws AppError invalid, through `badOption`, where the options do not fit the model. */
  readonly parts: (model: LanguageModel, options: O) => AdapterParts;
}
