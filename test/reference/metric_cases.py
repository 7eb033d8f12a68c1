"""Small corpora for the scorers: predictions with one or more references each."""

ONE = [
    ("equal", "The cat sat on the mat .", ["The cat sat on the mat ."]),
    ("empty prediction", "", ["There is a coffee shop in the riverside area."]),
    ("empty reference", "Some words.", [""]),
    ("both empty", "", [""]),
    ("white space", " \t ", ["a b"]),
    ("one word right", "positive", ["positive"]),
    ("one word wrong", "positive", ["negative"]),
    ("one letter", "a", ["b"]),
    ("two words", "Blue Spice", ["Blue Spice is a pub."]),
    ("case", "THE Cat sat ON the Mat", ["the cat sat on the mat"]),
    ("repeated", "the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"]),
    ("swapped halves", "on the mat the cat sat quietly", ["the cat sat quietly on the mat"]),
    ("shift far", "w1 w2 w3 w4 w5 w6 w7 w8 a b c", ["a b c w1 w2 w3 w4 w5 w6 w7 w8"]),
    ("two shifts", "d e f a b c x y g h", ["a b c d e f g h x y z"]),
    ("numbers", "It costs £20-25, i.e. 1,234.56 in 2024.", ["It costs 20-25 pounds, that is 1,234.56, in 2024."]),
    ("entities", "Tom &amp; Jerry say &quot;hi&quot; &lt;now&gt;", ["Tom & Jerry say \"hi\" <now>"]),
    ("hyphen", "A well-\nknown kid-friendly place - really", ["A well-known, kid friendly place--really"]),
    ("german", "Die Straße führt über Köln nach Zürich.", ["Die Strasse führt über Köln und Zürich hinaus!"]),
    ("chinese", "我 喜欢 吃 苹果。", ["我 喜欢 吃 香蕉。", "我很喜欢苹果。"]),
    ("emoji", "nice 😀😀 day 👍", ["nice 😀 day 👍 today"]),
    ("arabic", "مرحبا بالعالم ، كيف الحال؟", ["مرحبا يا عالم ، كيف حالك؟"]),
    ("combining", "cafe\u0301 na\u00efve \u2013 d\u2019accord \u00a0 x", ["caf\u00e9 nai\u0308ve \u2013 d'accord x"]),
    ("symbols", "a+b=c & d|e ~ f^g €5 50% #1 @home", ["a + b = c and d | e ~ f^g € 5 50 % # 1 @ home"]),
    ("stems", "running runners easily enjoyed flies dying", ["run runner easy enjoying fly died"]),
    ("lines", "The cat sat.\nThe dog ran away.\nBirds sing.", ["The dog ran.\nThe cat sat on a mat.\n\nBirds sing loudly."]),
    ("long against short", "a b c d e f g h i j k l m n o p q r s t u v w x y z " * 3, ["z y x"]),
    ("short against long", "k l m", ["a b c d e f g h i j k l m n o p q r s t u v w x y z " * 3]),
    (
        "many references",
        "The Eagle is a cheap coffee shop near Burger King.",
        [
            "The Eagle is a low-priced coffee shop by Burger King.",
            "Near Burger King there is a cheap coffee shop called The Eagle.",
            "Cheap coffee can be had at The Eagle, close to Burger King.",
            "The Eagle: cheap, near Burger King.",
            "A coffee shop, The Eagle, has cheap food near Burger King.",
            "",
        ],
    ),
    (
        "contractions",
        "It's Tom's place; they don't serve children, we'll see \"soon\".",
        ["It is Tom's place, and they do not serve children; we'll see."],
    ),
    ("perfect of two", "a small pub", ["a large pub", "a small pub"]),
]

PAIRS = [
    ("The Wrestlers is a pub by the river.", "The Wrestlers, a cheap pub, lies in the riverside area.",
     ["The Wrestlers is a pub near the riverside.", "By the river lies a pub called The Wrestlers."]),
    ("Aromi is a family friendly coffee shop.", "Aromi is family-friendly.",
     ["Aromi is a coffee shop that welcomes families.", "Families like the coffee shop Aromi."]),
    ("Cocum has a low customer rating.", "Cocum serves Italian food and is rated 1 out of 5.",
     ["Cocum is rated low by its customers.", "Customers rate Cocum 1 out of 5."]),
    ("Fitzbillies offers cheap Chinese food.", "Fitzbillies is cheap Chinese food.",
     ["Fitzbillies provides Chinese food cheaply.", "Cheap Chinese food is offered at Fitzbillies."]),
    ("Zizzi is near Burger King in the city centre.", "Zizzi near Burger King.",
     ["Zizzi is close to Burger King in the city centre.", "In the centre, near Burger King, is Zizzi."]),
    ("The Mill is not kid friendly.", "The Mill is kid friendly.",
     ["The Mill is no place for children.", "Children are not welcome at The Mill."]),
    ("Loch Fyne has French food for £20-25.", "Loch Fyne has food.",
     ["At Loch Fyne French food is £20-25.", "Loch Fyne serves French food at £20-25."]),
    ("Strada is by Rainbow Vegetarian Café.", "Strada is near the Rainbow Vegetarian Café!",
     ["Strada lies near Rainbow Vegetarian Café.", "Near Rainbow Vegetarian Café you find Strada."]),
]

LABELS = {
    "three labels": (
        ["neutral", "entailment", "contradiction", "neutral", "entailment", "entailment", "contradiction", "neutral"],
        ["neutral", "entailment", "neutral", "neutral", "contradiction", "entailment", "contradiction", "entailment"],
    ),
    "two labels": (["positive"] * 6 + ["negative"] * 4, ["positive", "negative"] * 5),
    "one side constant": (["positive"] * 5, ["positive", "negative", "positive", "negative", "positive"]),
    "never predicted": (["a", "a", "b", "a"], ["a", "c", "b", "b"]),
    "all right": (["a", "b", "a"], ["a", "b", "a"]),
    "all wrong": (["b", "a", "b"], ["a", "b", "a"]),
    "unknown answers": (["a", "banana", "b", "", "pear"], ["a", "b", "b", "a", "a"]),
    "unicode": (["ja", "nein", "größer", "ja"], ["ja", "größer", "größer", "nein"]),
}

CONFIDENCES = [
    ("positive", "positive", 0.97), ("positive", "negative", 0.91), ("negative", "negative", 0.55),
    ("negative", "positive", 0.5), ("positive", "positive", 0.2), ("negative", "negative", 1.0),
    ("positive", "negative", 0.0), ("positive", "positive", 0.35), ("negative", "negative", 0.3),
]


def corpora():
    """Each single case, the two systems, and corpora of several rows: name -> (predictions, references)."""
    found = {name: ([prediction], [references]) for name, prediction, references in ONE}
    references = [row[2] for row in PAIRS]
    found["first system"] = ([row[0] for row in PAIRS], references)
    found["second system"] = ([row[1] for row in PAIRS], references)
    found["one reference each"] = ([row[0] for row in PAIRS], [row[2][:1] for row in PAIRS])
    found["all cases"] = ([row[1] for row in ONE], [row[2] for row in ONE])
    found["empty system"] = ([""] * len(PAIRS), references)
    return found
