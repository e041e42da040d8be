"""The words that surrogates are made of, and the words and names that stay as they are.

Given names are real. Surnames and companies are made of syllables, so that no real person has one,
and there are enough of them for ten thousand people to get ten thousand different names.

Any change of the given names, the syllables or the endings changes every surrogate.
"""

_GIVEN_NAMES = """
Aaron Abel Abigail Ada Adam Adela Adele Adrian Agatha Agnes Aidan Alan Alba Albert Alec Alfred Alice
Alma Althea Alvin Amara Amelia Amos Amy Andrea Angus Anita Annika Anselm Anton April Arden Ariel
Arlo Arnold Arthur Astrid Aubrey Audrey August Aurora Axel Barbara Barney Basil Bea Beatrice Bella
Benno Bernard Bertha Beth Bianca Blair Blanche Boris Brenda Brian Bridget Bruno Byron Caleb Calvin
Camille Carla Carlo Carmen Carol Casper Cecil Celia Celine Chester Chloe Clara Clarence Claude
Clement Clive Colin Conrad Cora Corinne Cornelia Cosima Craig Cyril Cyrus Dahlia Damian Daphne
Darcy Darius Deborah Deirdre Delia Della Delphine Denis Derek Desmond Dexter Diana Dinah Dominic
Donald Dora Dorian Doris Dorothy Dougal Duncan Edgar Edith Edmund Edna Edwin Effie Egon Eileen
Elaine Eleanor Elias Elise Ellis Elmer Eloise Elsa Elspeth Elton Elvira Emil Emma Enid Enzo Erica
Ernest Esme Esther Ethel Eugene Eunice Evan Evelyn Ezra Fabian Faith Farah Faye Felicia Felix
Fergus Fern Finn Fiona Flavia Flora Florence Floyd Frances Franz Freda Freya Frida Gail Gareth Gavin
Gemma Geoffrey Georgia Gerald Gerda Gideon Gilbert Gilda Giles Gina Gladys Glen Gloria Gordon Greta
Griselda Gunnar Gustav Guy Gwen Hannah Harold Harriet Harvey Hattie Hazel Hector Hedda Heidi Helen
Helga Henrik Herbert Herman Hester Hilary Hilda Hiram Homer Honor Horace Howard Hubert Hugo Ida Ike
Ilse Imogen Ines Inga Ingrid Ira Irene Iris Irma Irving Isaac Isla Ivan Ivor Ivy Jacob Jasmine
Jasper Jemima Jerome Jessica Joan Jocelyn Joel Johanna Jonas Josephine Joyce Judith Julius June
Juno Kara Karl Katja Keith Kelvin Kenneth Kira Klara Klaus Lambert Lara Lars Laurel Leander Leila
Lena Leona Leonard Leopold Leroy Leslie Lester Libby Lidia Lila Linus Lionel Livia Lloyd Lola
Loretta Lorna Lothar Louisa Lowell Lucas Lucius Lucy Ludwig Luther Lydia Mabel Madge Magda Magnus
Malcolm Malvina Manfred Marcel Marcia Margot Marina Marius Marlene Marta Martin Matilda Maude
Maurice Maxine Melissa Melvin Mercy Meredith Merle Milan Mildred Miles Milo Minerva Mira Miranda
Miriam Moira Mona Morgan Morris Moses Muriel Myra Myrtle Nadia Naomi Neil Nell Nestor Neville Nina
Noel Nora Norbert Norman Octavia Odette Olaf Olga Olive Oliver Olwen Omar Ophelia Orson Oscar Osric
Oswald Otis Ottilie Otto Owen Pamela Pascal Patience Pearl Penelope Percy Perry Petra Phoebe Philip
Philippa Phyllis Piers Polly Portia Prudence Quentin Quincy Rachel Ralph Ramona Randal Raphael
Raymond Regina Reginald Rena Renata Reuben Rex Rhoda Rhys Roderick Roger Roland Rolf Roman Rosalind
Rosamund Rosina Ross Rowena Roxana Rudolf Rufus Rupert Russell Ruth Sabina Sabrina Samson Sander
Saskia Saul Selena Selma Serena Seth Seymour Sibyl Sidney Sigmund Silas Silvia Simeon Sonia Sophia
Spencer Stella Stuart Sven Sylvester Tabitha Tamara Tamsin Tanya Tatiana Thaddeus Thea Theo Theresa
Thomas Tilda Tobias Toby Trevor Tristan Trudy Ulrich Uma Una Ursula Valerie Vanessa Vaughn Velma
Vera Verity Vernon Veronica Victor Vincent Viola Virgil Vivian Walter Wanda Warren Wendell Wilfred
Wilhelmina Willa Wilma Winifred Winston Xenia Yolanda Yvette Yvonne Zachary Zara Zelda Zelma Zoe
"""
# A syllable is an onset, a vowel and perhaps a coda. Hardly any word can be read as two different
# runs of syllables, so that different choices give different words.
_ONSETS = """
b bl br c ch cl cr d dr f fl fr g gl gr h j k kl l m n p ph pl pr qu r s scr sh shr sk sl sm sn sp
st str sv sw t th thr tr tw v w wh y z
"""
_VOWELS = "a e i o u ae ai ea ei ia ie oa"
_CODAS = "n l r m"
_ENDINGS = """
bank beck berg berry bert bold born bourne bridge brook burn bury by castle chester child cliff
combe cott croft dale dell den field fold ford forth garth gate gill grove ham hart haven hay heath
hill hold holm holt horn hurst kin kirk land lane lay leigh ley lock low man marsh mead mer mill
mond moor more mouth ness ney pole port ridge rose row sen shaw shire side son stead stock stone
stow strand thorn thorpe ton tree vale ville wald wall ward water way well wich wick wild win wise
wold wood worth yard
"""
GIVEN_NAMES = tuple(_GIVEN_NAMES.split())
SYLLABLES = tuple(
    onset + vowel + coda
    for onset in _ONSETS.split()
    for vowel in _VOWELS.split()
    for coda in ("", *_CODAS.split())
)
ENDINGS = tuple(_ENDINGS.split())

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
