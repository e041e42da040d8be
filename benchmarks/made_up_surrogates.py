"""Surrogates made of syllables, as releases before real names had them: `Strearthriarstroaway`."""

from maverick_assets.datasets.pseudonyms.surrogates import DOMAIN, Surrogates, split_domain

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


class MadeUpSurrogates(Surrogates):
    """The same identities with other words: given names are real, all others are syllables."""

    def domain(self, domain: str) -> str:
        sub, label, suffix = split_domain(domain)
        name = self._company(f"{sub}.{label}" if sub else label).lower()
        return f"{name}.{DOMAIN}" if suffix == DOMAIN else f"{name}.{suffix}.{DOMAIN}"

    def street(self, address: str) -> tuple[int, str]:
        number = self._number("street", address)
        return 1 + number % 899, _word(number // 899, 2).capitalize()

    def _person(self, identity: str) -> tuple[str, str]:
        free = [name for name in GIVEN_NAMES if name.lower() not in self._taken]
        number = self._number("person", identity)
        return free[number % len(free)], _word(number // len(free), 2).capitalize()

    def _company(self, identity: str) -> str:
        return _word(self._number("company", identity), 3).capitalize()


def _word(number: int, syllables: int) -> str:
    parts = []
    for _ in range(syllables):
        number, index = divmod(number, len(SYLLABLES))
        parts.append(SYLLABLES[index])
    return "".join(parts) + ENDINGS[number % len(ENDINGS)]
