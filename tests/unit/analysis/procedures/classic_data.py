"""Classic data sets, as columns. Data are facts; each names the publication it comes from."""

import csv
from pathlib import Path

from pytest_dre.analysis.procedures.table import Table

HERE = Path(__file__).parent


def long_table(**arms):
    """Return columns `arm`, `unit` (position in its arm) and `value` of named arms."""
    rows = [(arm, unit, value) for arm, values in arms.items() for unit, value in enumerate(values)]
    return Table(
        {"arm": [row[0] for row in rows], "unit": [row[1] for row in rows], "value": [row[2] for row in rows]}
    )


def sleep():
    """Extra hours of sleep under two drugs, 10 patients (Student 1908, Biometrika 6; Cushny & Peebles 1905)."""
    return long_table(
        first=[0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0],
        second=[1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4],
    )


def maize():
    """Heights in inches of 15 pairs of maize (Darwin 1876; Fisher 1935, The Design of Experiments, section 17)."""
    crossed = [23.5, 12, 21, 22, 19.125, 21.5, 22.125, 20.375, 18.25, 21.625, 23.25, 21, 22.125, 23, 12]
    selfed = [17.375, 20.375, 20, 20, 18.375, 18.625, 18.625, 15.25, 16.5, 18, 16.25, 18, 12.75, 15.5, 18]
    return long_table(crossed=crossed, selfed=selfed)


def depression():
    """Hamilton depression factor IV at two visits of 9 patients (Hollander & Wolfe 1973, page 29)."""
    return long_table(
        first=[1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30],
        second=[0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29],
    )


def membranes():
    """Permeability of the human chorioamnion at term and at 12 to 26 weeks (Hollander & Wolfe 1973, page 69)."""
    return long_table(
        term=[0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46],
        early=[1.15, 0.88, 0.90, 0.74, 1.21],
    )


def air_quality():
    """Daily ozone in New York, May to September 1973, ppb (Chambers et al. 1983); None where it was not measured."""
    x = None
    ozone = {
        "May": [41, 36, 12, 18, x, 28, 23, 19, 8, x, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32]
        + [x, x, x, 23, 45, 115, 37],
        "June": [x, x, x, x, x, x, 29, x, 71, 39, x, x, 23, x, x, 21, 37, 20, 12, 13, x, x, x, x, x, x, x, x, x, x],
        "July": [135, 49, 32, x, 64, 40, 77, 97, 97, 85, x, 10, 27, x, 7, 48, 35, 61, 79, 63, 16, x, x, 80]
        + [108, 20, 52, 82, 50, 64, 59],
        "August": [39, 9, 16, 78, 35, 66, 122, 89, 110, x, x, 44, 28, 65, x, 22, 59, 23, 31, 44, 21, 9, x, 45]
        + [168, 73, x, 76, 118, 84, 85],
        "September": [96, 78, 73, 91, 47, 32, 20, 23, 21, 24, 44, 21, 28, 9, 13, 46, 18, 13, 24, 16, 13, 23]
        + [36, 7, 14, 30, x, 14, 18, 20],
    }
    return long_table(**ozone)


def plant_growth():
    """Dried weights of plants under a control and two treatments (Dobson 1983, table 7.1)."""
    return long_table(
        ctrl=[4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14],
        trt1=[4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69],
        trt2=[6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26],
    )


def tooth_growth():
    """Length of odontoblasts of guinea pigs by supplement and dose of vitamin C, mg a day (Crampton 1947)."""
    lengths = {
        ("VC", 0.5): [4.2, 11.5, 7.3, 5.8, 6.4, 10, 11.2, 11.2, 5.2, 7],
        ("VC", 1.0): [16.5, 16.5, 15.2, 17.3, 22.5, 17.3, 13.6, 14.5, 18.8, 15.5],
        ("VC", 2.0): [23.6, 18.5, 33.9, 25.5, 26.4, 32.5, 26.7, 21.5, 23.3, 29.5],
        ("OJ", 0.5): [15.2, 21.5, 17.6, 9.7, 14.5, 10, 8.2, 9.4, 16.5, 9.7],
        ("OJ", 1.0): [19.7, 23.3, 23.6, 26.4, 20, 25.2, 25.8, 21.2, 14.5, 27.3],
        ("OJ", 2.0): [25.5, 26.4, 22.4, 24.5, 24.8, 30.9, 26.4, 27.3, 29.4, 23],
    }
    rows = [(supp, dose, value) for (supp, dose), values in lengths.items() for value in values]
    return Table({"supp": [r[0] for r in rows], "dose": [r[1] for r in rows], "len": [r[2] for r in rows]})


def cars():
    """Miles a gallon, weight (1,000 lb), horsepower, cylinders and transmission of 32 cars (Henderson & Velleman 1981)."""
    return Table(
        {
            "mpg": [21, 21, 22.8, 21.4, 18.7, 18.1, 14.3, 24.4, 22.8, 19.2, 17.8, 16.4, 17.3, 15.2, 10.4, 10.4]
            + [14.7, 32.4, 30.4, 33.9, 21.5, 15.5, 15.2, 13.3, 19.2, 27.3, 26, 30.4, 15.8, 19.7, 15, 21.4],
            "wt": [2.62, 2.875, 2.32, 3.215, 3.44, 3.46, 3.57, 3.19, 3.15, 3.44, 3.44, 4.07, 3.73, 3.78, 5.25, 5.424]
            + [5.345, 2.2, 1.615, 1.835, 2.465, 3.52, 3.435, 3.84, 3.845, 1.935, 2.14, 1.513, 3.17, 2.77, 3.57, 2.78],
            "hp": [110, 110, 93, 110, 175, 105, 245, 62, 95, 123, 123, 180, 180, 180, 205, 215]
            + [230, 66, 52, 65, 97, 150, 150, 245, 175, 66, 91, 113, 264, 175, 335, 109],
            "cyl": [6, 6, 4, 6, 8, 6, 8, 4, 4, 6, 6, 8, 8, 8, 8, 8]
            + [8, 4, 4, 4, 4, 8, 8, 8, 8, 4, 4, 4, 8, 6, 8, 4],
            "manual": [True] * 3 + [False] * 14 + [True] * 3 + [False] * 5 + [True] * 7,
        }
    )


def approval():
    """Approval of a president by 1,600 voters asked twice (Agresti 1990, page 350): 794, 150, 86 and 570."""
    table = [(True, True, 794), (True, False, 150), (False, True, 86), (False, False, 570)]
    first, second = ([ask[at] for ask in table for _ in range(ask[2])] for at in (0, 1))
    return long_table(first=first, second=second)


def tea():
    """Fisher's tea tasting, of 4 cups each 3 told rightly (Fisher 1935; Agresti 1990, page 61)."""
    return long_table(milk=[1, 1, 1, 0], tea=[1, 0, 0, 0])


def hair_and_eyes():
    """Hair and eye colour of 592 students, both sexes together (Snee 1974, The American Statistician 28)."""
    eyes = ("brown", "blue", "hazel", "green")
    counts = {"black": (68, 20, 15, 5), "brown": (119, 84, 54, 29), "red": (26, 17, 14, 14), "blond": (7, 94, 10, 16)}
    rows = [(hair, eye) for hair, row in counts.items() for eye, count in zip(eyes, row) for _ in range(count)]
    return Table({"hair": [row[0] for row in rows], "eyes": [row[1] for row in rows]})


def admissions():
    """Admission to Berkeley's six largest departments by sex (Bickel et al. 1975): 1,198 of 2,691 men, 557 of 1,835 women."""
    return long_table(men=[True] * 1198 + [False] * 1493, women=[True] * 557 + [False] * 1278)


def sleep_study():
    """Reaction times in ms over 10 days of sleep restriction, 18 subjects (Belenky et al. 2003; lme4's sleepstudy)."""
    with (HERE / "sleepstudy.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return Table(
        {
            "reaction": [float(row["reaction"]) for row in rows],
            "days": [float(row["days"]) for row in rows],
            "subject": [row["subject"] for row in rows],
        }
    )


def iris():
    """Sepal lengths in cm of 50 flowers of each of three species of iris (Anderson 1935; Fisher 1936)."""
    return long_table(
        setosa=[5.1, 4.9, 4.7, 4.6, 5.0, 5.4, 4.6, 5.0, 4.4, 4.9, 5.4, 4.8, 4.8, 4.3, 5.8, 5.7, 5.4]
        + [5.1, 5.7, 5.1, 5.4, 5.1, 4.6, 5.1, 4.8, 5.0, 5.0, 5.2, 5.2, 4.7, 4.8, 5.4, 5.2, 5.5]
        + [4.9, 5.0, 5.5, 4.9, 4.4, 5.1, 5.0, 4.5, 4.4, 5.0, 5.1, 4.8, 5.1, 4.6, 5.3, 5.0],
        versicolor=[7.0, 6.4, 6.9, 5.5, 6.5, 5.7, 6.3, 4.9, 6.6, 5.2, 5.0, 5.9, 6.0, 6.1, 5.6, 6.7, 5.6]
        + [5.8, 6.2, 5.6, 5.9, 6.1, 6.3, 6.1, 6.4, 6.6, 6.8, 6.7, 6.0, 5.7, 5.5, 5.5, 5.8, 6.0]
        + [5.4, 6.0, 6.7, 6.3, 5.6, 5.5, 5.5, 6.1, 5.8, 5.0, 5.6, 5.7, 5.7, 6.2, 5.1, 5.7],
        virginica=[6.3, 5.8, 7.1, 6.3, 6.5, 7.6, 4.9, 7.3, 6.7, 7.2, 6.5, 6.4, 6.8, 5.7, 5.8, 6.4, 6.5]
        + [7.7, 7.7, 6.0, 6.9, 5.6, 7.7, 6.3, 6.7, 7.2, 6.2, 6.1, 6.4, 7.2, 7.4, 7.9, 6.4, 6.3]
        + [6.1, 7.7, 6.3, 6.4, 6.0, 6.9, 6.7, 6.9, 5.8, 6.8, 6.7, 6.7, 6.3, 6.5, 6.2, 5.9],
    )


def of_moments(n, mean, sd):
    """Return n values of exactly this mean and standard deviation."""
    raw = [float(i) for i in range(n)]
    centre = sum(raw) / n
    spread = (sum((value - centre) ** 2 for value in raw) / (n - 1)) ** 0.5
    return [mean + sd * (value - centre) / spread for value in raw]


def moral_judgements():
    """Two arms with the published moments of a replication of Eskine (Moery & Calin-Jageman 2016): raw data not given."""
    return long_table(organic=of_moments(95, 5.25, 0.95), control=of_moments(89, 5.22, 0.83))
