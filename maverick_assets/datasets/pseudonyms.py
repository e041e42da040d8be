"""Names that stand in for those of third parties."""

_GIVEN_NAMES = """
Aaron Ada Adele Alma Amos Anton Arlo Astrid Audrey Barney Bea Beth Bruno Carla Cecil Celia Clara
Clive Cora Cyrus Daphne Della Dexter Doris Edgar Edith Elias Elsa Emil Enid Ezra Faye Felix
Flora Floyd Freya Gail Gideon Gloria Gordon Greta Hazel Hector Hilda Homer Hugo Ida Ike Imogen
Ines Iris Ivan Jasper Joan Jonas Judith Julius Karl Kira Lars Leona Lionel Lola Lorna Lucius
Mabel Magnus Marta Milo Mira Nadia Nell Nestor Nina Noel Olga Orson Oscar Otis Otto Pearl Percy
Petra Quentin Ramona Rex Rhoda Roland Rufus Selma Silas Stella Sven Tabitha Thea Theo Ursula
Vera Vernon Viola Wanda Willa Yvette Zelda
"""
_SURNAMES = """
Abbot Ainsley Alder Ames Archer Ashby Atwood Baines Barlow Beck Bexley Birch Blythe Bowen
Brandt Briar Calder Carver Chilton Clemens Colby Conway Corbin Crane Dalby Darrow Dawes Denby
Draper Dunmore Eastman Eldridge Ellery Fairley Falk Farrow Fenton Finch Forsyth Gable Garrick
Gifford Glover Hadley Halsey Harlan Hatcher Hobbs Holden Huxley Ingram Jarvis Keating Kendrick
Kirby Lambert Larkin Lowell Lyle Maddox Marlow Mercer Milford Nash Norwood Oakes Ogden Orwell
Palmer Paxton Penrose Pickett Prescott Quill Radcliff Ramsey Redfern Rigby Rowan Sadler Sawyer
Selby Sheldon Stanton Stokes Sutter Talbot Tanner Thatcher Thorne Tilden Upton Vance Wakefield
Walden Waverly Wexler Whitby Wilder Winslow Yardley
"""
GIVEN_NAMES = tuple(_GIVEN_NAMES.split())
SURNAMES = tuple(_SURNAMES.split())
