import { adapterFor, allMask, initialise, promptMask, type LoadedAdapter, type MaskPolicy } from '@prad/nn';
import { tensor } from '@prad/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { answerRowsOf, goldenRows } from './architecture-contract.js';
import { CachedRun } from './cached-run.js';
import { batchOf, fullLogits, lossAndGradients, type Row } from './full-run.js';
import {
  expectClose,
  floats,
  named,
  referenceAdapter,
  referenceTensors,
  relativeGap,
  tinyModel,
  type Tensors,
  type TinyModel,
} from './reference.js';

/** The same rows, adapted where the policy says. */
function masked(rows: readonly Row[], policy: MaskPolicy): Row[] {
  return rows.map(({ ids, prompt = ids.length }) => ({
    ids,
    prompt,
    mask: [...policy({ length: ids.length, promptLength: prompt })],
  }));
}

/** The adapter with some of its tensors changed. */
export function changed(
  { adapter, tensors }: LoadedAdapter,
  which: (name: string) => boolean,
  change: (x: number) => number,
): LoadedAdapter {
  const entries = [...tensors].map(([name, old]): [string, typeof old] =>
    which(name) ? [name, tensor('float32', old.shape, floats(old).map(change))] : [name, old],
  );
  return { adapter, tensors: new Map(entries) };
}

/** An untrained adapter with the same options. */
function fresh(tiny: TinyModel, loaded: LoadedAdapter, init: string): LoadedAdapter {
  const options = { ...loaded.adapter.options, init };
  const adapter = adapterFor(tiny.model, loaded.adapter.family.name, options);
  return { adapter, tensors: initialise(adapter.parameters, 7) };
}

/** Modules of the last layer that nothing after the first answer token reads. */
const deadEnds = ['mlp', 'q_proj'];

/**
 * What every method must do; `folder` names a tiny model and `name` an adapter for it in test/reference.
 * `first` are the tensors that move at the first step from the identity start.
 */
export function adapterContract(folder: string, name: string, first: readonly string[]): void {
  describe(`${name} on ${folder}`, () => {
    let tiny: TinyModel;
    let loaded: LoadedAdapter;
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
    const lastLayer = (): string => `.${tiny.model.dimensions.layers - 1}.`;
    const endsDead = (tensorName: string): boolean =>
      tensorName.includes(lastLayer()) && deadEnds.some((kind) => tensorName.includes(`.${kind}.`));
    /** Logits that predict the answer tokens. */
    const answers = (logits: Float32Array, row: Row): Float32Array => logits.slice((row.prompt! - 1) * width);

    it.each([
      ['prompt', promptMask],
      ['all', allMask],
    ] as const)('agrees with PyTorch on logits, loss and every gradient: scope %s', async (scope, policy) => {
      const expected = await referenceTensors(`${folder}/${name}.${scope}.safetensors`);
      const batch = batchOf(masked(rows, policy));
      expect([...floats(batch.feeds.mask)]).toEqual([...floats(named(expected, 'prompt_mask'))]);
      const logits = await fullLogits(tiny, batch, loaded);
      expectClose(
        logits.flatMap((row) => [...row]),
        goldenRows(batch, expected, 'logits'),
        1e-4,
      );
      const { loss, gradients } = await lossAndGradients(tiny, batch, loaded);
      expect(Math.abs(loss / floats(named(expected, 'loss'))[0]! - 1)).toBeLessThan(1e-5);
      expect([...gradients.keys()].sort()).toEqual([...loaded.tensors.keys()].sort());
      for (const [tensorName, gradient] of gradients) {
        expectClose(gradient, floats(named(expected, `grad.${tensorName}`)), 1e-3, tensorName);
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
      const run = await CachedRun.open(tiny, [loaded]);
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
        expectClose(steps[b]!, floats(named(expected, `decode.${b}.logits`)), 1e-4, `row ${b}`);
        expectClose(answers(whole[b]!, row).subarray(0, steps[b]!.length), steps[b]!, 1e-5, `row ${b}`);
      });
    }

    it('prad-spec 7.2: a mask of zeros = the base exactly', async () => {
      const nowhere = masked(rows, ({ length }) => new Float32Array(length));
      const base = await fullLogits(tiny, batchOf(rows));
      expect(await fullLogits(tiny, batchOf(nowhere), loaded)).toEqual(base);
      const run = await CachedRun.open(tiny, [loaded]);
      const choice = rows.map(() => 0);
      const adapted = await run.prefill(masked(rows, promptMask), choice);
      const plain = await run.prefill(nowhere, choice);
      await run.close();
      plain.forEach((row, b) => {
        expectClose(row, base[b]!, 1e-5);
        expect(relativeGap(adapted[b]!, base[b]!)).toBeGreaterThan(1e-3);
      });
    });

    it('prad-spec 7.4: the identity start = the base, the released start is near it', async () => {
      const base = await fullLogits(tiny, batchOf(unmasked()));
      const identity = fresh(tiny, loaded, 'identity');
      expect(await fullLogits(tiny, batchOf(unmasked()), identity)).toEqual(base);
      const released = fresh(tiny, loaded, 'released');
      const near = await fullLogits(tiny, batchOf(unmasked()), released);
      const gap = Math.max(...near.map((row, b) => relativeGap(row, base[b]!)));
      expect(gap).toBeGreaterThan(0);
      expect(gap).toBeLessThan(0.1);
      for (const { name: tensorName, shape } of released.adapter.parameters) {
        const values = floats(released.tensors.get(tensorName));
        if (shape.length === 2)
          expect(
            values.every((x) => x !== 0),
            tensorName,
          ).toBe(true);
      }
    });

    it('prad-spec 7.5: rows that take no adapter = the base, on a whole prompt too', async () => {
      const base = await fullLogits(tiny, batchOf(unmasked()));
      const run = await CachedRun.open(tiny, [loaded]);
      const logits = await run.prefill(unmasked());
      logits.forEach((row, b) => {
        expectClose(row, base[b]!, 1e-5);
      });
      await run.close();
    });

    it('prad-spec 7.6: the first answer token sees the adapter at the last prompt token', async () => {
      const firstLogits = async (maskOf: MaskPolicy, adapter: LoadedAdapter): Promise<Float32Array[]> => {
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
        expect(relativeGap(without[b]!, row)).toBeGreaterThan(1e-3);
      });
    });

    it('prad-spec 7.9: what the last layer changes, and what the one before', async () => {
      const normal = await fullLogits(tiny, batchOf(masked(rows, promptMask)), loaded);
      for (const { layer, kind, module } of loaded.adapter.sites) {
        if (layer < tiny.model.dimensions.layers - 2) continue;
        const other = changed(
          loaded,
          (tensorName) => tensorName.startsWith(`${module}.`),
          (x) => 2 * x,
        );
        const logits = await fullLogits(tiny, batchOf(masked(rows, promptMask)), other);
        const onlyFirst = layer === tiny.model.dimensions.layers - 1 && deadEnds.includes(kind);
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
        expect(dead, tensorName).toBe(endsDead(tensorName));
      }
    });

    it('prad-spec 7.12: from the identity start only one side moves first', async () => {
      const { gradients } = await lossAndGradients(
        tiny,
        batchOf(masked(rows, promptMask)),
        fresh(tiny, loaded, 'identity'),
      );
      for (const [tensorName, gradient] of gradients) {
        const moves = first.some((part) => tensorName.endsWith(`.${part}`));
        expect(
          gradient.some((x) => x !== 0),
          tensorName,
        ).toBe(moves);
      }
    });

    it('prad-spec 7.13: which keys and values of the prompt an adapter changes', async () => {
      const prompts = rows.map(({ ids, prompt }) => ({ ids: ids.slice(0, prompt) }));
      const lowest = changed(
        loaded,
        (tensorName) => tensorName.includes('.0.'),
        (x) => 2 * x,
      );
      const run = await CachedRun.open(tiny, [loaded, lowest]);
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
      const kinds = new Set(loaded.adapter.sites.map(({ kind }) => kind));
      for (const [part, values] of Object.entries(otherAdapter)) {
        const direct = kinds.has(part.endsWith('key') ? 'k_proj' : 'v_proj');
        const reached = !part.startsWith('0.') || direct;
        expect(relativeGap(values, normal[part]!) > 1e-5, part).toBe(reached);
        if (!reached) expect(values, part).toEqual(normal[part]);
      }
    });

    it('prad-spec 7.14: answer tokens add the keys and values that the base makes of the same cache', async () => {
      const prompts = rows.map(({ ids, prompt }) => ({ ids: ids.slice(0, prompt) }));
      const run = await CachedRun.open(tiny, [loaded]);
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
    });

    it('prad-spec 7.16: padding leaves the loss; a batch is the token-weighted mean of its rows', async () => {
      const adapted = masked(rows, promptMask);
      const whole = await lossAndGradients(tiny, batchOf(adapted), loaded);
      for (const side of ['left', 'right'] as const) {
        const padded = await lossAndGradients(tiny, batchOf(adapted, side, 3), loaded);
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
  });
}
