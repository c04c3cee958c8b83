"""La population compacte : quelques petits entiers par foyer, d'où tout le reste se retire.

Les marges portent sur l'ensemble : on les pose ici une fois, en tableaux d'octets. Les détails (noms,
adresses, ressources) se retirent foyer par foyer d'une graine propre, si bien que le mois suivant refait
n'importe quel foyer sans relire le premier fichier et que l'écriture reste à mémoire constante.
"""

from __future__ import annotations

from array import array
from bisect import bisect
from collections.abc import Iterable, Sequence
from itertools import accumulate
from random import Random

from . import marges as m
from .contexte import ContexteDemo, verifier_taille

ETATS_NON_PAYABLES = (3, 4, 5, 0, 1, 6)
_POIDS_NON_PAYABLES = (30, 30, 17, 10, 8, 5)
PART_NON_PAYABLES = 0.03
PART_RESERVE = 0.03
PAYABLE = 2


class Population:
    """Trois segments de foyers : payables (ceux des tableaux), non payables en sus, réserve du mois 2."""

    def __init__(self, contexte: ContexteDemo, *, taille: int, graine: int) -> None:
        contexte.verifier()
        verifier_taille(taille)
        self.contexte = contexte
        self.graine = graine
        self.taille = taille
        self.non_payables = round(taille * PART_NON_PAYABLES)
        # Plancher : chaque genre de nouveauté et de défaut du mois 2 doit trouver un foyer, même à 50.
        self.reserve = max(40, round(taille * PART_RESERVE))
        self.total = taille + self.non_payables + self.reserve
        self.alea = Random(f"jalon-demo:{graine}:{taille}")
        zeros = bytes(self.total)
        self.composante = array("B", zeros)
        self.type_foyer = array("B", zeros)
        self.tranche_age = array("B", zeros)
        self.enfants = array("B", zeros)
        self.majore = array("B", zeros)
        self.enceinte = array("B", zeros)
        self.mois_dispositif = array("H", [1]) * self.total
        self.mois_socle = array("B", zeros)
        self.mois_activite = array("B", zeros)
        self.cumul = array("B", zeros)
        self.heures = array("B", zeros)
        self.au_dessus_du_seuil = array("B", zeros)
        self.sans_nir = array("B", zeros)
        self.territoire = array("B", zeros)
        self.commune = array("H", [0]) * self.total
        self.caisse = array("B", zeros)
        self.etat = array("B", [PAYABLE]) * self.total
        self._croiser_marges()
        self._donner_enfants()
        self._donner_grossesses_et_majorations()
        self._donner_anciennetes()
        self._donner_activites()
        self._ajouter_non_payables_et_reserve()
        self._loger()

    # --- segments -----------------------------------------------------------------------------------

    @property
    def payables(self) -> range:
        """Les foyers dont le droit est ouvert et versable au premier mois : la base des tableaux."""
        return range(self.taille)

    @property
    def en_sus(self) -> range:
        """Les foyers suspendus, refusés, clos ou en attente, ajoutés au-delà de la taille demandée."""
        return range(self.taille, self.taille + self.non_payables)

    @property
    def nouveaux(self) -> range:
        """La réserve d'où le mois suivant tire ses arrivées ; absente du premier fichier."""
        return range(self.taille + self.non_payables, self.total)

    def en_couple(self, i: int) -> bool:
        """Le foyer compte un conjoint."""
        return self.type_foyer[i] in m.EN_COUPLE

    def adultes(self, i: int) -> int:
        """Demandeur et, s'il y a lieu, conjoint."""
        return 2 if self.en_couple(i) else 1

    def _de(self, *composantes: int) -> list[int]:
        return [i for i in self.payables if self.composante[i] in composantes]

    # --- marges -------------------------------------------------------------------------------------

    def _croiser_marges(self) -> None:
        """T06 et T07, à l'unité."""
        tirage = [
            (c, t, a)
            for c, table in enumerate(m.repartir_foyers(self.taille))
            for t, rangee in enumerate(table)
            for a, nombre in enumerate(rangee)
            for _ in range(nombre)
        ]
        self.alea.shuffle(tirage)
        for i, (composante, type_foyer, tranche) in enumerate(tirage):
            self.composante[i] = composante
            self.type_foyer[i] = type_foyer
            self.tranche_age[i] = tranche

    def _plafond_enfants(self, i: int) -> int:
        return 2 if self.tranche_age[i] == 0 else 7

    def _donner_enfants(self) -> None:
        """Personnes couvertes (T05) : on tire au vraisemblable, puis on corrige jusqu'au total publié."""
        cumuls = (0.42, 0.75, 0.91, 0.97, 1.0)
        for c, nom in enumerate(m.COMPOSANTES):
            foyers = self._de(c)
            cible = m.proportion(
                len(foyers), m.valeur("T05", "personnes couvertes", nom), m.valeur("T05", "droits payables", nom)
            )
            cible -= sum(self.adultes(i) for i in foyers)
            parents = [i for i in foyers if self.type_foyer[i] in m.AVEC_ENFANT]
            for i in parents:
                tire = bisect(cumuls, self.alea.random()) + 1
                self.enfants[i] = min(tire, self._plafond_enfants(i))
            self._corriger_enfants(parents, cible - sum(self.enfants[i] for i in parents))

    def _corriger_enfants(self, parents: list[int], ecart: int) -> None:
        """Ajoute ou ôte un enfant par foyer et par passage ; renonce si plus aucun foyer ne s'y prête."""
        pas = 1 if ecart > 0 else -1
        while ecart:
            self.alea.shuffle(parents)
            avant = ecart
            for i in parents:
                if ecart and 1 <= self.enfants[i] + pas <= self._plafond_enfants(i):
                    self.enfants[i] += pas
                    ecart -= pas
            if ecart == avant:
                return

    def _tirer_ponderes(self, candidats: Iterable[tuple[int, float]], nombre: int) -> list[int]:
        """Tirage sans remise à probabilités inégales (clés d'Efraimidis et Spirakis)."""
        cles = [(-(self.alea.random() ** (1 / poids)), i) for i, poids in candidats if poids > 0]
        return [i for _, i in sorted(cles)[:nombre]]

    def _donner_grossesses_et_majorations(self) -> None:
        """La majoration (T05) va au parent isolé ou à la femme enceinte isolée, et à personne d'autre."""
        for c, nom in enumerate(m.COMPOSANTES):
            foyers = self._de(c)
            quota = m.proportion(
                len(foyers), m.valeur("T05", "dont majoré", nom), m.valeur("T05", "droits payables", nom)
            )
            # Sans enfant avant 25 ans, seul un enfant à naître ouvre le droit commun.
            jeunes = [i for i in foyers if self.tranche_age[i] == 0 and not self.enfants[i]]
            for i in jeunes:
                self.enceinte[i] = self.type_foyer[i] in (m.FEMME, m.COUPLE)
            choisis = [i for i in jeunes if self.type_foyer[i] == m.FEMME][:quota]
            poids_age = (4.0, 3.0, 2.0, 0.8, 0.1, 0.02, 0.0, 0.0, 0.0)
            parents = (
                (i, poids_age[self.tranche_age[i]])
                for i in foyers
                if self.type_foyer[i] in (m.FEMME_ENFANT, m.HOMME_ENFANT)
            )
            enceintes = (
                (i, 0.12 * poids_age[self.tranche_age[i]])
                for i in foyers
                if self.type_foyer[i] == m.FEMME and 1 <= self.tranche_age[i] <= 3
            )
            choisis += self._tirer_ponderes([*parents, *enceintes], quota - len(choisis))
            for i in choisis:
                self.majore[i] = 1
                self.enceinte[i] = self.enfants[i] == 0

    def _donner_anciennetes(self) -> None:
        """T08 : ancienneté dans le dispositif, puis dans chaque composante, en mois entamés."""
        bandes = m.repartir(self.taille, m.colonne("T08", "dispositif_rmi_api_compris"))
        avance = (-0.6, -0.2, 0.0, 0.05, 0.1, 0.15, 0.2, 0.2, 0.0)
        notes = [
            (self.alea.random() + avance[self.tranche_age[i]] - 0.25 * (self.composante[i] == m.ACTIVITE), i)
            for i in self.payables
        ]
        ordre = iter(sorted(notes))
        for (bas, haut), nombre in zip(m.BORNES_ANCIENNETE, bandes, strict=True):
            for _ in range(nombre):
                i = next(ordre)[1]
                plafond = (m.BORNES_AGE[self.tranche_age[i]][1] - 17) * 12
                # Les longues présences se raréfient avec les années ; on n'entre pas avant 18 ans.
                longue = bas == m.BORNES_ANCIENNETE[-1][0]
                tire = bas + int(self.alea.expovariate(1 / 50)) if longue else self.alea.randint(bas, haut)
                self.mois_dispositif[i] = max(bas, min(tire, haut, plafond))
        self._dater_composante(self.mois_socle, self._de(m.SOCLE, m.SOCLE_ET_ACTIVITE), "socle")
        self._dater_composante(self.mois_activite, self._de(m.ACTIVITE, m.SOCLE_ET_ACTIVITE), "activite")

    def _dater_composante(self, cible: array[int], foyers: Sequence[int], nom: str) -> None:
        """Les récents du dispositif le sont forcément dans la composante ; on complète au hasard."""
        recents, anciens = m.colonne("T08", nom, ("1-3 mois", "4-6 mois"))
        a_placer = m.proportion(len(foyers), recents, recents + anciens)
        contraints = [i for i in foyers if self.mois_dispositif[i] <= 3]
        libres = [i for i in foyers if self.mois_dispositif[i] > 3]
        choisis = set(self.alea.sample(libres, max(0, min(len(libres), a_placer - len(contraints)))))
        for i in contraints:
            cible[i] = self.mois_dispositif[i]
        for i in libres:
            if i in choisis:
                cible[i] = self.alea.randint(1, 3)
            else:
                cible[i] = self.alea.randint(4, min(6, self.mois_dispositif[i]))

    def _donner_activites(self) -> None:
        """Cumul intégral (T09), heures (T10) et demandeurs au-dessus du seuil (T05, soumission)."""
        publie = m.charger_marges()["T06"]["total"][3]
        for c, nom in enumerate(m.COMPOSANTES):
            foyers = self._de(c)
            nombre = m.proportion(self.taille, m.valeur("T09", "cumul intégral", nom), publie)
            en_cumul = self.alea.sample(foyers, min(nombre, len(foyers)))
            for i in en_cumul:
                self.cumul[i] = 1
            if c != m.SOCLE:
                self._donner_heures(foyers, m.colonne("T10", nom), publie)
            if c != m.ACTIVITE:
                self._depasser_le_seuil(c, foyers, en_cumul)

    def _donner_heures(self, foyers: list[int], bandes: list[int], publie: int) -> None:
        parts = m.repartir(m.proportion(self.taille, sum(bandes), publie), bandes)
        tires = iter(self.alea.sample(foyers, min(sum(parts), len(foyers))))
        for bande, nombre in enumerate(parts, start=1):
            for _ in range(nombre):
                if (i := next(tires, None)) is not None:
                    self.heures[i] = bande

    def _depasser_le_seuil(self, c: int, foyers: list[int], en_cumul: list[int]) -> None:
        """Non soumis = adultes moins soumis publiés : cumuls intégraux au socle, les plus actifs ailleurs."""
        nom = m.COMPOSANTES[c]
        soumis = m.proportion(
            len(foyers),
            m.valeur("T05", "revenus d'activité < 500 €", nom),
            m.valeur("T05", "droits payables", nom),
        )
        nombre = max(0, sum(self.adultes(i) for i in foyers) - soumis)
        if c == m.SOCLE:
            choisis = en_cumul[:nombre]
        else:
            choisis = [i for i in foyers if self.heures[i] >= 3][:nombre]
            autres = [i for i in foyers if not self.heures[i]]
            choisis += self.alea.sample(autres, min(len(autres), nombre - len(choisis)))
        for i in choisis:
            self.au_dessus_du_seuil[i] = 1

    # --- le reste -----------------------------------------------------------------------------------

    def _ajouter_non_payables_et_reserve(self) -> None:
        """Ces foyers copient un payable au hasard : ils lui ressemblent sans entrer dans les tableaux."""
        copies = [self.composante, self.type_foyer, self.tranche_age]
        copies += [self.enfants, self.majore, self.enceinte]
        etats = [
            etat
            for etat, nombre in zip(ETATS_NON_PAYABLES, m.repartir(self.non_payables, _POIDS_NON_PAYABLES), strict=True)
            for _ in range(nombre)
        ]
        for i in (*self.en_sus, *self.nouveaux):
            modele = self.alea.randrange(self.taille)
            for tableau in copies:
                tableau[i] = tableau[modele]
            if i in self.en_sus:
                self.etat[i] = etats[i - self.taille]
                self.mois_dispositif[i] = self.mois_dispositif[modele]
            if self.etat[i] == 0 or i in self.nouveaux:
                self.mois_dispositif[i] = 1
            self.mois_socle[i] = min(5, self.mois_dispositif[i])
            self.mois_activite[i] = self.mois_socle[i]

    def _loger(self) -> None:
        """Territoires selon leur poids, communes selon leur population, caisses selon leur part."""
        contexte = self.contexte
        communes = [list(accumulate(c.population or 1 for c in t.communes)) for t in contexte.territoires]
        for segment in (self.payables, self.en_sus, self.nouveaux):
            for tableau, poids in (
                (self.territoire, [t.poids for t in contexte.territoires]),
                (self.caisse, [c[2] for c in contexte.caisses]),
            ):
                valeurs = [k for k, n in enumerate(m.repartir(len(segment), poids)) for _ in range(n)]
                self.alea.shuffle(valeurs)
                for i, k in zip(segment, valeurs, strict=True):
                    tableau[i] = k
        for i in range(self.total):
            cumuls = communes[self.territoire[i]]
            self.commune[i] = bisect(cumuls, self.alea.random() * cumuls[-1])
            self.sans_nir[i] = self.alea.random() < 0.02
