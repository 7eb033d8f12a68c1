"""Writes metrics/golden.json: what the published scorers say of the cases in metric_cases.py.

    python metrics.py

sacrebleu, rouge-score, nltk, scikit-learn and pycocoevalcap are run themselves. pycocoevalcap's PTB tokeniser needs Java.
mteval-v13a is a Perl script, so its public formulas stand here; they are held to sacrebleu's BLEU and nltk's NIST where
these define the same thing.
"""

import json
import math
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
from nltk.stem.porter import PorterStemmer
from nltk.translate.meteor_score import single_meteor_score
from nltk.translate.nist_score import corpus_nist
from pycocoevalcap.cider.cider_scorer import CiderScorer
from pycocoevalcap.rouge.rouge import Rouge
from pycocoevalcap.tokenizer.ptbtokenizer import PTBTokenizer
from rouge_score.rouge_scorer import RougeScorer
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import _compute_p_value, estimate_ci
from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a
from sacrebleu.tokenizers.tokenizer_intl import TokenizerV14International
from sklearn.metrics import accuracy_score, f1_score, matthews_corrcoef

from metric_cases import CONFIDENCES, LABELS, ONE, PAIRS, corpora

OUT = Path(__file__).parent / "metrics" / "golden.json"
TOKENISE = Tokenizer13a()


class NoSynonyms:
    """In place of WordNet: METEOR's modules exact and stem alone."""

    @staticmethod
    def synsets(_word):
        return []


def transposed(references):
    """sacrebleu takes the first references of all rows, then the second ones; None where a row has no more."""
    most = max(map(len, references))
    return [[row[i] if i < len(row) else None for row in references] for i in range(most)]


def sacre(make, predictions, references):
    metric = make()
    score = metric.corpus_score(predictions, transposed(references)).score
    return {"score": score, "signature": str(metric.get_signature())}


SACRE = {
    "bleu": lambda: BLEU(),
    "bleu intl": lambda: BLEU(tokenize="intl"),
    "bleu none": lambda: BLEU(tokenize="none", force=True),
    "bleu lower": lambda: BLEU(lowercase=True),
    "bleu floor": lambda: BLEU(smooth_method="floor"),
    "bleu add-k": lambda: BLEU(smooth_method="add-k"),
    "bleu unsmoothed": lambda: BLEU(smooth_method="none"),
    "bleu sentence": lambda: BLEU(effective_order=True),
    "chrf": lambda: CHRF(),
    "chrf++": lambda: CHRF(word_order=2),
    "chrf lower": lambda: CHRF(lowercase=True),
    "ter": lambda: TER(),
    "ter cased": lambda: TER(case_sensitive=True),
}


def mteval_words(text):
    lowered = "".join(c.lower() if "A" <= c <= "Z" else c for c in text)
    return TOKENISE(lowered.rstrip()).split()


def grams(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def most(counters):
    best = Counter()
    for counter in counters:
        best |= counter
    return best


def mteval_bleu(predictions, references):
    matched, counted, length, closest = [0] * 4, [0] * 4, 0, 0
    for words, refs in zip(predictions, references):
        length += len(words)
        closest += min((abs(len(r) - len(words)), len(r)) for r in refs)[1]
        for n in range(4):
            own = grams(words, n + 1)
            matched[n] += sum((own & most(grams(r, n + 1) for r in refs)).values())
            counted[n] += sum(own.values())
    if length == 0:
        return 0.0 if closest > 0 else 1.0
    logs, smooth = 0.0, 1
    for hits, total in zip(matched, counted):
        if total == 0:
            continue
        if hits == 0:
            smooth *= 2
        logs += math.log((hits or 1 / smooth) / total)
    return math.exp(min(0, 1 - closest / length)) * math.exp(logs / 4)


def mteval_nist(predictions, references):
    counts, words_in_all = Counter(), 0
    for refs in references:
        for r in refs:
            words_in_all += len(r)
            for n in range(1, 6):
                counts.update(grams(r, n))
    info = {g: math.log2((counts[g[:-1]] if len(g) > 1 else words_in_all) / c) for g, c in counts.items()}
    score = 0.0
    length = sum(map(len, predictions))
    for n in range(1, 6):
        gained = total = 0
        for words, refs in zip(predictions, references):
            own = grams(words, n)
            total += sum(own.values())
            both = own & most(grams(r, n) for r in refs)
            gained += sum(info[g] * c for g, c in both.items())
        score += gained / max(total, 1)
    expected = words_in_all / max(map(len, references))
    ratio = length / expected if expected else 1.0
    if ratio >= 1:
        return score
    return 0.0 if ratio <= 0 else score * math.exp(math.log(0.5) / math.log(1.5) ** 2 * math.log(ratio) ** 2)


def check_mteval(predictions, references, scores):
    """mteval's BLEU is sacrebleu's, its NIST nltk's, where orders up to 4 or 5 exist and there is one reference."""
    ascii_only = all(t.isascii() for t in sum(references, list(predictions)))
    words = [mteval_words(p) for p in predictions]
    refs = [[mteval_words(r) for r in row] for row in references]
    if ascii_only and max(map(len, words)) >= 4 and scores["bleu lower"]["score"] > 0:
        assert math.isclose(100 * scores["bleu_mteval"], scores["bleu lower"]["score"], abs_tol=1e-9)
    if max(map(len, words)) >= 5 and all(len(row) == 1 for row in refs):
        if sum(len(row[0]) for row in refs) > 0:
            assert math.isclose(corpus_nist(refs, words), scores["nist"], abs_tol=1e-9)


def meteor(prediction, references):
    words = TOKENISE(prediction.rstrip()).split()
    return max(
        single_meteor_score(TOKENISE(r.rstrip()).split(), words, wordnet=NoSynonyms) for r in references
    )


def captions(texts):
    """The PTB tokeniser's words without punctuation, as one string each."""
    made = PTBTokenizer().tokenize({i: [{"caption": t.replace("\n", " ")}] for i, t in enumerate(texts)})
    return dict(zip(texts, (made[i][0] for i in range(len(texts)))))


def scores_of(predictions, references, tokenised):
    scores = {name: sacre(make, predictions, references) for name, make in SACRE.items()}
    words = [mteval_words(p) for p in predictions]
    refs = [[mteval_words(r) for r in row] for row in references]
    scores["bleu_mteval"] = mteval_bleu(words, refs)
    scores["nist"] = mteval_nist(words, refs)
    check_mteval(predictions, references, scores)
    scores["meteor"] = float(np.mean([meteor(p, r) for p, r in zip(predictions, references)]))
    for stem in (False, True):
        types = ["rouge1", "rouge2", "rougeL", "rougeLsum"]
        scorer = RougeScorer(types, use_stemmer=stem)
        rows = [scorer.score_multi(r, p) for p, r in zip(predictions, references)]
        for kind in types:
            scores[f"{kind} stemmed" if stem else kind] = float(np.mean([row[kind].fmeasure for row in rows]))
    scorer = CiderScorer(n=4, sigma=6.0)
    for p, r in zip(predictions, references):
        scorer += (tokenised[p], [tokenised[x] for x in r])
    # pycocoevalcap has no score where no reference has a word; nothing is alike then.
    has_words = any(tokenised[x] for r in references for x in r)
    scores["cider"] = float(scorer.compute_score()[0]) if has_words else 0.0
    rouge = Rouge()
    scores["rougeL_caption"] = float(
        np.mean([rouge.calc_score([tokenised[p]], [tokenised[x] for x in r]) for p, r in zip(predictions, references)])
    )
    return {
        name: value if isinstance(value, dict) else {"score": float(value)} for name, value in scores.items()
    }


def labels():
    found = []
    for name, (predictions, references) in LABELS.items():
        known = sorted(set(references))
        pooled = [p if p in known else "<other>" for p in predictions]
        shared = {"labels": known, "zero_division": 0}
        found.append(
            {
                "name": name,
                "predictions": predictions,
                "references": references,
                "accuracy": accuracy_score(references, predictions),
                "f1": f1_score(references, predictions, average="macro", **shared),
                "f1_micro": f1_score(references, predictions, average="micro", **shared),
                "f1_binary": f1_score(references, predictions, average="macro", labels=known[:1], zero_division=0),
                "positive": known[0],
                "matthews": float(matthews_corrcoef(references, pooled)),
            }
        )
    return found


def calibration(bins):
    """Guo et al. 2017: the weighted gaps between mean confidence and accuracy in the bins (low, high]."""
    rows = defaultdict(list)
    for prediction, reference, confidence in CONFIDENCES:
        rows[max(math.ceil(confidence * bins), 1)].append((prediction == reference, confidence))
    return sum(
        len(rows_in) / len(CONFIDENCES) * abs(np.mean([r[0] for r in rows_in]) - np.mean([r[1] for r in rows_in]))
        for rows_in in rows.values()
    )


def paired():
    """sacrebleu's paired bootstrap with its own draws, which are stored so that any generator can be held to it."""
    rng = np.random.default_rng(12345)
    draws = rng.choice(len(PAIRS), size=(100, len(PAIRS)), replace=True)
    references = transposed([row[2] for row in PAIRS])
    found = {}
    for name in ("bleu", "chrf", "ter"):
        metric = SACRE[name]()
        first, second = (metric._extract_corpus_statistics([row[i] for row in PAIRS], references) for i in (0, 1))
        whole = [metric._aggregate_and_compute(stats).score for stats in (first, second)]
        base, system = (
            np.array([metric._compute_score_from_stats(np.array(s, dtype="float64")[d].sum(0)).score for d in draws])
            for s in (first, second)
        )
        sizes = np.abs(system - base)
        mean, half = estimate_ci(system)
        found[name] = {
            "difference": whole[1] - whole[0],
            "p": _compute_p_value(sizes - sizes.mean(), abs(whole[1] - whole[0])),
            "p_of_equals": _compute_p_value(np.abs(base - base), 0),
            "mean": float(mean),
            "half": float(half),
        }
    return {"draws": draws.tolist(), "metrics": found}


STEMS = """caresses ponies ties caress cats feed agreed plastered bled motoring sing conflated troubled sized hopping
tanned falling hissing fizzed failing filing happy sky relational conditional rational valenci hesitanci digitizer
conformabli radicalli differentli vileli analogousli vietnamization predication operator feudalism decisiveness
hopefulness callousness formaliti sensitiviti sensibiliti triplicate formative formalize electriciti electrical hopeful
goodness revival allowance inference airliner gyroscopic adjustable defensible irritant replacement adjustment dependent
adoption homologou communism activate angulariti homologous effective bowdlerize probate rate cease controll roll flies
dies lies died lied tried spied enjoy enjoyment say spy fly dying lying skies news innings outing proceed exceed
archaeology apology biologically fully hopefully restaurants friendly families riverside area's naïve größer a is be yyyy
yes oxen oed owing as us gas this logi geologi fulli generalizations oscillators""".split()


def main():
    found = corpora()
    texts = sorted({t for p, r in found.values() for t in [*p, *sum(r, [])]})
    tokenised = captions(texts)
    stemmer = PorterStemmer()
    intl = TokenizerV14International()
    golden = {
        "corpora": [
            {"name": name, "predictions": p, "references": r, "scores": scores_of(p, r, tokenised)}
            for name, (p, r) in found.items()
        ],
        "sentences": {
            name: BLEU(effective_order=True).sentence_score(p, r).score for name, p, r in ONE
        },
        "stems": {word: stemmer.stem(word) for word in STEMS},
        "tokens": [{"text": t, "13a": TOKENISE(t.rstrip()).split(), "intl": intl(t.rstrip()).split(), "caption": tokenised[t].split()} for t in texts],
        "labels": labels(),
        "calibration": {
            "rows": [{"prediction": p, "reference": r, "confidence": c} for p, r, c in CONFIDENCES],
            "bins": {str(bins): calibration(bins) for bins in (5, 10)},
        },
        "paired": paired(),
    }
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(golden, ensure_ascii=False, indent=1) + "\n")


if __name__ == "__main__":
    main()
