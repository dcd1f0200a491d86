"""The words that synthetic dialogues are made of."""

LABELS = tuple(
    """
    brave weary curious lonely smug jolly nervous calm eager grim tender proud restless shy bold
    moody gentle puzzled thrifty sleepy cautious merry stern humble dreamy frank quiet zealous
    patient witty daring loyal
    """.split()
)
"""Names of categories; they say nothing about which categories are alike."""

NOUNS = tuple(
    """
    anchor apple apron arch arrow attic axle badge bagpipe balcony balloon banjo banner barley
    barrel basin basket beacon beaver bell bench berry bicycle blanket blossom boat bonnet bottle
    bracelet branch bridge broom bucket buckle bugle bundle button cabin cactus candle canoe canyon
    carpet carrot castle cellar chalk chapel cherry chimney chisel circus clarinet cloak clover
    cobbler coconut comet compass copper coral cottage cradle crane crayon cricket crocus crown
    crystal curtain cushion daisy dolphin donkey drawer drum eagle easel elbow elm engine falcon
    feather fern ferry fiddle flannel flask flute fog forge fountain fox gallery garden garlic
    gazebo glacier glove goblet grape gravel guitar hammer hammock harbour harp hazel hedge helmet
    heron hinge hive honey hornet igloo island ivory ivy jacket jar jasmine jigsaw jungle kayak
    kennel kettle kite kitten ladder ladle lagoon lantern lark lemon lettuce lilac lizard locket
    loom lute magnet mango maple marble market meadow melon mill mirror mitten moss motor muffin
    mustard napkin needle nest nettle nutmeg oak oar oasis olive onion orchard organ otter oven
    owl paddle palace pantry parrot parsley pasture peach pebble pencil pepper piano pickle pigeon
    pillow pine plank plum pocket pond poppy porch prairie pulley pumpkin puppet quarry quill quilt
    rabbit radish raft rainbow raisin raven reef ribbon river robin rocket rope rudder saddle sail
    salmon sandal satchel saucer scarf scooter seal shed shovel sleigh slipper sparrow spindle
    spoon spruce squash stable staircase statue stream sunrise swan sweater tablet tambourine
    teapot temple tent thimble thistle thread throne ticket tiger timber toad tower tractor trellis
    trumpet tulip tunnel turbine turnip turtle umbrella valley vase velvet vine violin volcano
    wagon waffle walnut walrus wardrobe waterfall whistle willow windmill wren yacht yarn zebra
    zipper
    """.split()
)
"""Plain things, in alphabetical order; every category gets a window of them, shuffled by seed."""

OPENINGS = (
    "Yesterday I found a {0} beside the {1}",
    "My neighbour gave me a {0} and a {1}",
    "I keep thinking about the {0} near our {1}",
    "Last week the {0} fell on my {1}",
    "Somebody left a {0} under the {1}",
    "We went all that way for a {0} and one {1}",
    "I had never seen a {0} next to a {1}",
    "This morning I carried the {0} to the {1}",
    "My sister painted a {0} on the {1}",
    "I waited an hour with my {0} by the {1}",
)
"""How the speaker begins; {0} and {1} are topic words."""

TURNS = (
    "After that I also lost the {0} and the {1}",
    "It was the {0} that surprised me, not the {1}",
    "Then my brother moved the {0} behind the {1}",
    "I still have the {0}, but the {1} is gone",
    "Now I look for a {0} and a {1} every day",
    "In the end we kept the {0} with the {1}",
)
"""How the speaker goes on."""

RESPONSES = (
    "What did you do with the {0} and the {1}?",
    "A {0} like that can change how you see a {1}.",
    "I once had a {0} too, and a {1} as well.",
    "Tell me more about the {0} and your {1}.",
    "So the {0} came first and the {1} later?",
    "I hope the {0} is fine, and the {1} too.",
    "Was the {0} as big as the {1}?",
    "I can picture the {0} right there with the {1}.",
    "Maybe a new {0} would go well with the {1}.",
    "Did the {0} matter more to you than the {1}?",
)
"""How the listener responds."""
