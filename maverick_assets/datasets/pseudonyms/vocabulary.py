"""The words and names that stay as they are, and the words behind the names of companies.

Any change of `TRADES` changes the surrogates of companies.
"""

# Behind the surrogate of a company: "Banning Group". They say nothing of what a company does.
_TRADES_TEXT = """
Agency Associates Brothers Capital Company Concepts Corporation Daughters Enterprises Group Holdings
House Industries International Limited Network Office Partners Services Solutions Sons Systems
Trading Trust Union Ventures Works
"""
TRADES = tuple(_TRADES_TEXT.split())

# English names that are also ordinary words. Even with a capital they stay, unless they greet
# someone or sign: "May I?", "Mark this". To add another language, add its names of that kind.
_AMBIGUOUS_NAMES = """
may will april june august mark price grant chase art rich pat bill rose grace hope dean young
long short black white green brown king best day rush banks field fields street west east
north south in so do no an to us ray sunny summer autumn major bond cash gas power short
sweet little good love case land lane law pool sharp stone wood woods forest hill rice
"""
# English words that name no company where they stand alone, though a domain or a deal has that
# name: "energy", "support". To add another language, add its words for businesses.
_COMMON_WORDS = """
account accounts action alert alerts alliance america american americas analysis answers asia
associates bank benefits blue board book books business call canada capital care center central
century change chat chicago city class client club commerce communications community company
computer conference connect consulting contact contract council credit customer daily data deal
deals demo design desk digital direct discount discovery earth east economy education electric
energy engineering enterprise equity europe event events exchange expansion express family
federal finance financial first fishing food foods free freedom friends fund funds future
futures game games gifts global golf government group growth guide health help holiday home
hotel hotels house houston idea ideas industry info information insight institute insurance
international internet invest investor job jobs journal keep kids lead learn learning letter
life list listing local london mail mailbox mailing management market marketing markets master
media meeting member members message metro mobile money morning motion movie music national
natural nature network networks news newsletter office offer oil online open opportunity orders
outlook paper park partner partners payment people phone photo pilot pipeline plan planet plus
portal post press prices prime product products professional project projects promo proposal
public purchase question quest radio reader real record renewal report reports research
resource response review reviews sale sales school science search secure security service
services shop site smart society software solutions source space sport sports spring standard
star start state states station stock store strategy student studio sun support survey system
systems target team tech technology test texas ticket times today tomorrow tools trade trader
trading training travel trial trust union united university update upgrade upsell value venture
video view village vision voice water wave weather web week weekend wind winter work works
world year
"""
# Products and services that everybody names: they say nothing about a contact, and stay.
_PUBLIC_NAMES = """
adobe airbnb amazon android anthropic aol apple asana atlassian azure bing bloomberg chatgpt
chrome claude comcast confluence docker dropbox ebay excel facebook fedex figma firefox github
gitlab gmail gmx google googlemail hotmail hubspot icloud instagram intel iphone jira kubernetes
linkedin linux live macos mailchimp microsoft msn netflix notion ollama openai oracle outlook
paypal photoshop postgres postgresql powerpoint python quickbooks reddit reuters salesforce
shopify skype slack spotify stripe teams tiktok trello twitter uber ups verizon visa wetransfer
whatsapp wikipedia windows word xero yahoo youtube zendesk zoom
"""
AMBIGUOUS_NAMES = frozenset(_AMBIGUOUS_NAMES.split())
COMMON_WORDS = AMBIGUOUS_NAMES | frozenset(_COMMON_WORDS.split())
PUBLIC_NAMES = frozenset(_PUBLIC_NAMES.split())
