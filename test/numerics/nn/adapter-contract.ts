import { decodeAdapter, encodeAdapter, influenceOf } from '@prad/adapter-files';
import { adapterFor, allMask, promptMask, type MaskPolicy, type Site } from '@prad/nn';
import { Trainer, collate, trainedTensors } from '@prad/training';
import { beforeAll, describe, expect, it } from 'vitest';
import { changed, fresh, masked, type LossCurve } from './adapter-changes.js';
import { answerRowsOf, goldenRows } from './architecture-contract.js';
import { CachedRun } from './cached-run.js';
import { measured } from './differences.js';
import { openTiny } from '../support/generation-cases.js';
import { batchOf, fullLogits, lossAndGradients, withSoftTokens, type Row } from './full-run.js';
import {
  expectClose,
  floats,
  loaded as served,
  named,
  referenceAdapter,
  referenceJson,
  referenceTensors,
  relativeGap,
  tinyModel,
  type Tensors,
  type TinyModel,
  type TrainedAdapter,
} from './reference.js';

/** What holds of a method with its options. */
export interface AdapterTraits {
  /** Whether the fresh adapter is the base: to the bit, but for rounding, or not at all. */
  readonly identity: 'exact' | 'rounded' | 'none';
  /** Whether the mask switches off all that it does. */
  readonly masked: boolean;
  /** The tensors that move at the first step from the identity start. */
  readonly first?: readonly string[];
  /** Whether it has the option `init`. */
  readonly released?: boolean;
}

/** A test of what not every method has; there is none where it does not hold. */
function when(holds: unknown): (name: string, test: () => Promise<void>) => void {
  return (name, test) => {
    if (holds) it(name, test);
  };
}

/** Where the last layer is read by the first answer token alone: everywhere but at keys and values. */
const endsDead = ({ kind }: Site): boolean => kind !== 'k_proj' && kind !== 'v_proj';

/** What every method must do; `folder` names a tiny model and `name` an adapter for it in test/reference. */
export function adapterContract(folder: string, name: string, traits: AdapterTraits): void {
  describe(`${name} on ${folder}`, () => {
    let tiny: TinyModel;
    let loaded: TrainedAdapter;
    let golden: Tensors;
    let rows: Row[];
    let width: number;
    beforeAll(async () => {
      tiny = await tinyModel(folder);
      loaded = await referenceAdapter(tiny, name);
      golden = await referenceTensors(`${folder}/${name}.prompt.safetensors`);
      rows = answerRowsOf(golden);
      width = tiny.model.dimensions.vocabSize;
    });
    const unmasked = (): Row[] => rows.map(({ ids }) => ({ ids }));
    const sites = (): Site[] => loaded.adapter.parts.flatMap((part) => part.sites);
    const isLast = ({ layer }: Site): boolean => layer === tiny.model.dimensions.layers - 1;
    const siteOf = (tensorName: string): Site | undefined =>
      loaded.adapter.parts
        .flatMap((part) => part.sites.map((site) => ({ part, site })))
        .find(({ part, site }) => tensorName.startsWith(`${site.module}.${part.name}.`))?.site;
    const open = async (...adapters: TrainedAdapter[]): Promise<CachedRun> =>
      CachedRun.open(tiny, await Promise.all(adapters.map((adapter) => served(tiny, adapter))));
    /** Logits that predict the answer tokens. */
    const answers = (logits: Float32Array, row: Row): Float32Array => logits.slice((row.prompt! - 1) * width);

    it.each([
      ['prompt', promptMask],
      ['all', allMask],
    ] as const)('agrees with PyTorch on logits, loss and every gradient: scope %s', async (scope, policy) => {
      const expected = await referenceTensors(`${folder}/${name}.${scope}.safetensors`);
      const batch = batchOf(masked(rows, policy));
      expect([...floats(batch.feeds.mask)]).toEqual([...floats(named(expected, 'prompt_mask'))]);
      const logits = (await fullLogits(tiny, batch, loaded)).flatMap((row) => [...row]);
      const rowsExpected = goldenRows(batch, expected, 'logits');
      measured(name, 'logits', logits, rowsExpected);
      expectClose(logits, rowsExpected, 1e-4);
      const { loss, gradients } = await lossAndGradients(tiny, batch, loaded);
      expect(Math.abs(loss / floats(named(expected, 'loss'))[0]! - 1)).toBeLessThan(1e-5);
      expect([...gradients.keys()].sort()).toEqual([...loaded.tensors.keys()].sort());
      for (const [tensorName, gradient] of gradients) {
        const stored = floats(named(expected, `grad.${tensorName}`));
        measured(name, 'gradients', gradient, stored);
        expectClose(gradient, stored, 1e-3, tensorName);
      }
    });

    it('prad-spec 7.1: a masked pass = adapted prefill + decode by the base', async () => {
      await expectDecode(await referenceTensors(`${folder}/${name}.prompt.safetensors`), promptMask);
    });

    it('prad-spec 7.3: a mask of ones = the adapter at every step', async () => {
      await expectDecode(await referenceTensors(`${folder}/${name}.all.safetensors`), allMask);
    });

    async function expectDecode(expected: Tensors, policy: MaskPolicy): Promise<void> {
      const whole = await fullLogits(tiny, batchOf(masked(rows, policy)), loaded);
      const run = await open(loaded);
      const choice = rows.map(() => 0);
      const prompts = rows.map(({ ids, prompt }) => ({ ids: ids.slice(0, prompt) }));
      const steps = (await run.prefill(prompts, choice)).map((logits) => [...logits.slice(-width)]);
      for (let i = 0; i < 3; i++) {
        const tokens = rows.map(({ ids, prompt }) => ids[prompt! + i]!);
        const logits = await run.decode(tokens, policy === allMask ? choice : undefined);
        rows.forEach(({ ids, prompt }, b) => {
          if (prompt! + i < ids.length - 1) steps[b]!.push(...logits[b]!);
        });
      }
      await run.close();
      rows.forEach((row, b) => {
        const stored = floats(named(expected, `decode.${b}.logits`));
        measured(name, 'prefill and decode', steps[b]!, stored);
        expectClose(steps[b]!, stored, 1e-4, `row ${b}`);
        expectClose(answers(whole[b]!, row).subarray(0, steps[b]!.length), steps[b]!, 1e-5, `row ${b}`);
      });
    }

    when(traits.masked)('prad-spec 7.2: a mask of zeros = the base exactly', async () => {
      const nowhere = masked(rows, ({ length }) => new Float32Array(length));
      const base = await fullLogits(tiny, batchOf(rows));
      expect(await fullLogits(tiny, batchOf(nowhere), loaded)).toEqual(base);
      const run = await open(loaded);
      const choice = rows.map(() => 0);
      const adapted = await run.prefill(masked(rows, promptMask), choice);
      const plain = await run.prefill(nowhere, choice);
      await run.close();
      plain.forEach((row, b) => {
        expectClose(row, base[b]!, 1e-5);
        expect(relativeGap(adapted[b]!, base[b]!)).toBeGreaterThan(1e-3);
      });
    });

    when(traits.identity !== 'none')('prad-spec 7.4: the identity start = the base', async () => {
      const base = await fullLogits(tiny, batchOf(unmasked()));
      const logits = await fullLogits(tiny, batchOf(unmasked()), await fresh(tiny, loaded));
      if (traits.identity === 'exact') expect(logits).toEqual(base);
      else
        logits.forEach((row, b) => {
          expectClose(row, base[b]!, 1e-5);
        });
    });

    when(traits.released)(
      'prad-spec 7.4: the released start is near the base, and nothing is zero',
      async () => {
        const base = await fullLogits(tiny, batchOf(unmasked()));
        const released = await fresh(tiny, loaded, 'released');
        const near = await fullLogits(tiny, batchOf(unmasked()), released);
        const gap = Math.max(...near.map((row, b) => relativeGap(row, base[b]!)));
        expect(gap).toBeGreaterThan(0);
        expect(gap).toBeLessThan(0.3);
        for (const { name: tensorName, shape } of released.adapter.parameters) {
          const values = floats(released.tensors.get(tensorName));
          if (shape.length === 2)
            expect(
              values.every((x) => x !== 0),
              tensorName,
            ).toBe(true);
        }
      },
    );

    it('prad-spec 7.5: rows that take no adapter = the base, on a whole prompt too', async () => {
      // Tokens of the vocabulary: the base knows no others.
      const known = rows.map(({ ids }) => ({ ids: ids.filter((id) => id < width) }));
      const base = await fullLogits(tiny, batchOf(known));
      const run = await open(loaded);
      const logits = await run.prefill(known);
      logits.forEach((row, b) => {
        expectClose(row, base[b]!, 1e-5);
      });
      await run.close();
    });

    it('prad-spec 7.6: the first answer token sees the adapter at the last prompt token', async () => {
      const firstLogits = async (maskOf: MaskPolicy, adapter: TrainedAdapter): Promise<Float32Array[]> => {
        const logits = await fullLogits(tiny, batchOf(masked(rows, maskOf)), adapter);
        return logits.map((row, b) => answers(row, rows[b]!).slice(0, width));
      };
      const separatorOff: MaskPolicy = (example) => promptMask(example).fill(0, example.promptLength - 1);
      const normal = await firstLogits(promptMask, loaded);
      const other = await firstLogits(
        promptMask,
        changed(
          loaded,
          () => true,
          (x) => 2 * x,
        ),
      );
      const without = await firstLogits(separatorOff, loaded);
      normal.forEach((row, b) => {
        expect(relativeGap(other[b]!, row)).toBeGreaterThan(1e-3);
        if (traits.masked) expect(relativeGap(without[b]!, row)).toBeGreaterThan(1e-3);
        else if (sites().length === 0) expect(without[b]!).toEqual(row);
      });
    });

    it('prad-spec 7.9: what the last layer changes, and what the one before', async () => {
      const normal = await fullLogits(tiny, batchOf(masked(rows, promptMask)), loaded);
      for (const site of sites()) {
        const { layer, module } = site;
        if (layer < tiny.model.dimensions.layers - 2) continue;
        const other = changed(
          loaded,
          (tensorName) => tensorName.startsWith(`${module}.`),
          (x) => 2 * x,
        );
        const logits = await fullLogits(tiny, batchOf(masked(rows, promptMask)), other);
        const onlyFirst = isLast(site) && endsDead(site);
        rows.forEach((row, b) => {
          const [now, before] = [answers(logits[b]!, row), answers(normal[b]!, row)];
          expect(relativeGap(now.slice(0, width), before.slice(0, width)), module).toBeGreaterThan(1e-5);
          const later = relativeGap(now.slice(width), before.slice(width));
          if (onlyFirst) expect(later, module).toBe(0);
          else expect(later, module).toBeGreaterThan(1e-6);
        });
      }
    });

    it('prad-spec 7.10: dead ends get gradient from the first answer token only', async () => {
      const batch = batchOf(masked(rows, promptMask));
      const all = await lossAndGradients(tiny, batch, loaded);
      const later = await lossAndGradients(tiny, batch, loaded, 1);
      for (const [tensorName, gradient] of all.gradients) {
        expect(
          gradient.some((x) => x !== 0),
          tensorName,
        ).toBe(true);
        const dead = later.gradients.get(tensorName)!.every((x) => x === 0);
        const site = siteOf(tensorName);
        expect(dead, tensorName).toBe(site !== undefined && isLast(site) && endsDead(site));
      }
    });

    when(traits.first)('prad-spec 7.12: from the identity start only one side moves first', async () => {
      const { gradients } = await lossAndGradients(
        tiny,
        batchOf(masked(rows, promptMask)),
        await fresh(tiny, loaded),
      );
      for (const [tensorName, gradient] of gradients) {
        const moves = traits.first!.some((part) => tensorName.endsWith(`.${part}`));
        expect(
          gradient.some((x) => x !== 0),
          tensorName,
        ).toBe(moves);
      }
    });

    when(traits.masked)(
      'prad-spec 7.13: which keys and values of the prompt an adapter changes',
      async () => {
        const prompts = rows.map(({ ids, prompt }) => ({ ids: ids.slice(0, prompt) }));
        const lowest = changed(
          loaded,
          (tensorName) => tensorName.includes('.0.'),
          (x) => 2 * x,
        );
        const run = await open(loaded, lowest);
        const cache = async (choice: number, token: number): Promise<Record<string, Float32Array>> => {
          await run.prefill(
            prompts,
            rows.map(() => choice),
          );
          await run.decode(rows.map(() => token));
          return Object.fromEntries(
            Array.from({ length: tiny.model.dimensions.layers }, (_, layer) =>
              (['key', 'value'] as const).map((part): [string, Float32Array] => [
                `${layer}.${part}`,
                run.promptOf(layer, part, 0, rows[0]!.prompt!),
              ]),
            ).flat(),
          );
        };
        const [normal, otherAnswer, otherAdapter] = [await cache(0, 5), await cache(0, 9), await cache(1, 5)];
        await run.close();
        expect(otherAnswer).toEqual(normal);
        const { keysFrom, valuesFrom } = influenceOf(
          { kinds: sites().map(({ kind }) => kind), layers: [0], wholePrompt: false },
          tiny.model.dimensions.layers,
        );
        for (const [part, values] of Object.entries(otherAdapter)) {
          const from = part.endsWith('key') ? keysFrom : valuesFrom;
          const reached = Number(part.split('.')[0]) >= (from ?? Infinity);
          expect(relativeGap(values, normal[part]!) > 1e-5, part).toBe(reached);
          if (!reached) expect(values, part).toEqual(normal[part]);
        }
      },
    );

    when(traits.masked)(
      'prad-spec 7.14: answer tokens add the keys and values that the base makes of the same cache',
      async () => {
        const prompts = rows.map(({ ids, prompt }) => ({ ids: ids.slice(0, prompt) }));
        const run = await open(loaded);
        const added = async (choice?: (number | undefined)[]): Promise<Float32Array[]> => {
          await run.prefill(
            prompts,
            rows.map(() => 0),
          );
          await run.decode(
            rows.map(() => 5),
            choice,
          );
          return Array.from({ length: tiny.model.dimensions.layers }, (_, layer) =>
            (['key', 'value'] as const).map((part) => run.cached(layer, part, 0)),
          ).flat();
        };
        const byBase = await added();
        const byNoAdapter = await added(rows.map(() => undefined));
        const byAdapter = await added(rows.map(() => 0));
        await run.close();
        byBase.forEach((values, i) => {
          expectClose(byNoAdapter[i]!, values, 1e-6);
        });
        expect(Math.max(...byBase.map((values, i) => relativeGap(byAdapter[i]!, values)))).toBeGreaterThan(
          1e-3,
        );
      },
    );

    it('prad-spec 7.16: padding leaves the loss; a batch is the token-weighted mean of its rows', async () => {
      const adapted = masked(rows, promptMask);
      const whole = await lossAndGradients(tiny, batchOf(adapted), loaded);
      for (const side of ['left', 'right'] as const) {
        const padded = await lossAndGradients(tiny, batchOf(adapted, { side, extra: 3 }), loaded);
        expect(Math.abs(padded.loss / whole.loss - 1)).toBeLessThan(1e-6);
      }
      let [total, weight] = [0, 0];
      for (const row of adapted) {
        const alone = await lossAndGradients(tiny, batchOf([row]), loaded);
        total += alone.total;
        weight += alone.weight;
      }
      expect(weight).toBe(rows.reduce((sum, { ids, prompt }) => sum + ids.length - prompt!, 0));
      expect(Math.abs(total / weight / whole.loss - 1)).toBeLessThan(1e-6);
    });

    it('learns as PyTorch does: the losses of ten AdamW steps with warm-up and clipping', async () => {
      const { adapter, tensors } = loaded;
      const { model } = await openTiny(folder);
      const curve = referenceJson(`${folder}/${name}.losses.json`) as LossCurve;
      const { method, options } = adapter;
      const trained = trainedTensors(model, { kind: 'adapter', method, options, scope: 'prompt' });
      const trainer = await Trainer.open(model, trained, {
        ...{ learningRate: curve.learning_rate, warmupSteps: 10 * curve.warmup_ratio, totalSteps: 10 },
        ...{ weightDecay: 0, maxGradNorm: curve.clip_norm, seed: 0, intraOpThreads: 1, start: tensors },
      });
      const batch = collate(
        rows.map((row) => {
          const { ids, prompt } = withSoftTokens(row, adapter, width);
          return { tokens: ids, promptLength: prompt! };
        }),
        trained.maskOf,
        width,
      );
      const steps = [];
      for (let step = 0; step < 10; step++) steps.push(await trainer.step(batch));
      await trainer.close();
      const losses = steps.map(({ loss }) => loss);
      measured(name, 'ten losses', losses, curve.losses);
      expectClose(losses, curve.losses, 1e-4, 'losses');
      expectClose(
        steps.map(({ gradientNorm }) => gradientNorm),
        curve.gradient_norms,
        1e-3,
        'gradient norms',
      );
    });

    it('is the same after it was saved and loaded', async () => {
      const { adapter, tensors } = loaded;
      const artefact = {
        ...{ method: adapter.method, options: adapter.options, scope: 'prompt', tensors },
        ...{ baseDigest: 'digest', baseModel: folder },
      };
      const bytes = encodeAdapter(artefact);
      const back = await decodeAdapter(bytes, name);
      expect(encodeAdapter(back)).toEqual(bytes);
      const again = adapterFor(tiny.model, back.method, back.options);
      const batch = batchOf(masked(rows, promptMask));
      expect(await fullLogits(tiny, batch, { adapter: again, tensors: back.tensors })).toEqual(
        await fullLogits(tiny, batch, loaded),
      );
    });
  });
}
