"""Des contrats à tous les moments de leur vie : écrits, signés, reçus, lus, renvoyés, en vigueur, finis, renouvelés.

Chaque contrat passe par les actes de son circuit, aux dates où ils auraient eu lieu. Ce que le circuit date du jour même
(une lecture demandée, un renvoi) l'est aussi ici.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import cycle
from typing import Any, Final

from dateutil.relativedelta import relativedelta

from jalon.agents.models import Agent
from jalon.cli.demonstration_parcours.decor import Decor, Suivie, compter_les_lignes, ouvre
from jalon.cli.demonstration_parcours.paroles import (
    AUTRE,
    AVANCE,
    DIT,
    MOTS_A_ELLE,
    NOMBRES,
    OFFRES,
    PLANS,
    RENVOIS,
    RESTE,
    RUBRIQUES,
)
from jalon.cli.demonstration_parcours.reponses import echelons, progresser
from jalon.contrats.bilans import clore_bilan, ecrire_bilan, ouvrir_bilan
from jalon.contrats.enums import EtatObjectif, ModeSignature, NatureBilan, Signataire, SuiteBilan, TypeChamp
from jalon.contrats.models import (
    ChampContrat,
    Contrat,
    Objectif,
    ThemeContrat,
    TypeContrat,
)
from jalon.contrats.objectifs import ajouter_etape, ajouter_moyen, ajouter_objectif, changer_etat
from jalon.contrats.offres import noter_offre, noter_reponse
from jalon.contrats.redaction import ecrire_champ
from jalon.contrats.renouvellements import renouveler_contrat, rompre_contrat, terminer_contrat
from jalon.contrats.services import ouvrir_contrat, types_proposes
from jalon.contrats.signatures import proposer_signature, signer
from jalon.contrats.validation import (
    abandonner,
    enregistrer_reference,
    recevoir,
    renvoyer,
    soumettre_lecture,
    valider,
)
from jalon.diagnostics.enums import OriginePassation
from jalon.diagnostics.grilles import enregistrer_passation
from jalon.diagnostics.models import Passation
from jalon.diagnostics.selectors import grilles_actives, passations, version_en_vigueur
from jalon.personnes.models import Personne
from jalon.socle.textes import nom_propre

AU_PLUS: Final = 84
SANS_CONTRAT: Final = 7
"""Une personne sur sept n'a pas encore de contrat : la liste de celles qui en attendent un n'est pas vide."""
TRACE: Final = "M 60 130 L 110 60 L 150 140 L 200 70 L 260 130 L 330 90 L 420 110"
PROPOSE, SIGNE, RECU, VALIDE = 1, 2, 4, 6
"""Jours, après l'ouverture, où chaque acte se fait."""


@dataclass
class Redaction:
    """Ce qu'il faut pour écrire : les rubriques de chaque version, les thèmes du profil."""

    decor: Decor
    champs: dict[int, list[ChampContrat]]
    themes: dict[str, ThemeContrat]


@dataclass
class Dossier:
    """Une personne, le jour où son contrat s'ouvre, et ce contrat."""

    decor: Decor
    suivie: Suivie
    ouvert: date
    contrat: Contrat

    @property
    def qui(self) -> dict[str, Any]:
        return self.decor.au_nom_de(self.suivie.agent)

    @property
    def service(self) -> dict[str, Any]:
        """Qui reçoit et valide : le service du territoire."""
        return self.decor.au_nom_de(self.decor.comptes["chef_territoire"])

    def le(self, jours: int) -> date:
        """Tant de jours après l'ouverture, un jour ouvré, jamais après aujourd'hui."""
        return min(ouvre(self.ouvert + timedelta(days=jours)), self.decor.jour)


# --- Choisir


def _type(decor: Decor, suivie: Suivie, ouvert: date, mois: int | None, *, cite: bool = False) -> TypeContrat | None:
    """Le type attendu par l'orientation s'il convient, sinon le premier qui admet cette durée."""
    possibles = [
        type_
        for type_ in types_proposes(suivie.personne, ouvert)
        if type_.reference_seule == cite
        and (mois is None or type_.duree_minimum <= mois <= type_.duree_maximum)
    ]  # fmt: skip
    return possibles[0] if possibles else None


def preparer_la_redaction(decor: Decor) -> Redaction:
    themes = ThemeContrat.objects.filter(actif=True).order_by("ordre", "pk")
    return Redaction(decor, {}, {theme.code: theme for theme in themes})


def conclure_des_contrats(decor: Decor, suivies: dict[Agent, list[Suivie]]) -> None:
    """Un contrat pour la plupart des personnes suivies, les moments de la vie d'un contrat répartis entre référents."""
    redaction = preparer_la_redaction(decor)
    files = [[s for rang, s in enumerate(personnes) if rang % SANS_CONTRAT != 1] for personnes in suivies.values()]
    tirage, restent = cycle(SCENES), AU_PLUS
    for personnes in files:
        # Les contrats commencés il y a le plus longtemps vont aux personnes orientées le plus tôt.
        anciennes = sorted(personnes[:restent], key=lambda s: (s.depuis, s.personne.pk))
        restent -= len(anciennes)
        scenes = sorted((next(tirage) for _ in anciennes), key=lambda scene: -scene.recul)
        for scene, suivie in zip(scenes, anciennes, strict=True):
            jouer(redaction, suivie, scene)
        compter_les_lignes("contrats")


def jouer(redaction: Redaction, suivie: Suivie, scene: Scene) -> Contrat | None:
    """Ouvre le contrat et le mène où la scène le veut ; si aucun type ne s'y prête ce jour-là, un simple brouillon."""
    decor = redaction.decor
    ouvert = ouvre(scene.ouverture(decor.jour, suivie.depuis), -1)
    type_ = _type(decor, suivie, ouvert, scene.mois, cite=scene.cite)
    if type_ is None:
        scene, ouvert = BROUILLON, decor.jour
        type_ = _type(decor, suivie, ouvert, None)
        if type_ is None:
            return None
    contrat = ouvrir_contrat(
        suivie.personne, **decor.au_nom_de(suivie.agent), type=type_, organisme=suivie.organisme, referent=suivie.agent,
        duree=scene.mois, jour=ouvert,
    )  # fmt: skip
    dossier = Dossier(decor, suivie, ouvert, contrat)
    if not scene.cite:
        _ecrire(redaction, dossier, en_entier=scene is not BROUILLON)
    scene.suite(dossier)
    return contrat


# --- Écrire


def _ecrire(redaction: Redaction, dossier: Dossier, *, en_entier: bool) -> None:
    """Les rubriques, puis le plan. Un brouillon n'a souvent que les mots de la personne et le début du plan."""
    contrat, alea = dossier.contrat, redaction.decor.alea
    version = contrat.version_id
    assert version is not None
    if version not in redaction.champs:
        redaction.champs[version] = list(
            ChampContrat.objects.filter(section__version=version)
            .select_related("section")
            .prefetch_related("choix")
            .order_by("section__rang", "rang")
        )
    for champ in redaction.champs[version]:
        voulue = champ.obligatoire if en_entier else champ.par_la_personne
        if voulue or (en_entier and champ.code in RUBRIQUES and alea.random() < 0.25):
            ecrire_champ(
                contrat, champ, _valeur(redaction.decor, champ), **dossier.qui, numero_lu=0,
                dit_par_la_personne=champ.par_la_personne,
            )  # fmt: skip
    plans = alea.sample([p for p in PLANS if p[0] in redaction.themes], 2 if alea.random() < 0.25 else 1)
    for theme, intitule, etapes in plans:
        objectif = ajouter_objectif(
            contrat, **dossier.qui, intitule=intitule, theme=redaction.themes[theme],
            echeance=dossier.ouvert + relativedelta(months=3),
        )  # fmt: skip
        for rang, (quoi, qui, moyen) in enumerate(etapes):
            etape = ajouter_etape(
                objectif, **dossier.qui, intitule=quoi, qui=qui,
                echeance=ouvre(dossier.ouvert + timedelta(days=21 * (rang + 1))),
            )  # fmt: skip
            if moyen:
                ajouter_moyen(etape, **dossier.qui, intitule=moyen)
    if not en_entier and alea.random() < 0.5:
        ajouter_objectif(contrat, **dossier.qui, intitule=alea.choice(MOTS_A_ELLE), par_la_personne=True)


def _valeur(decor: Decor, champ: ChampContrat) -> str:
    """Ce qui s'écrit dans une rubrique, selon son code et sa forme."""
    match champ.type:
        case TypeChamp.CHOIX | TypeChamp.CHOIX_MULTIPLE:
            return str(decor.alea.choice(list(champ.choix.all())).code)
        case TypeChamp.NOMBRE | TypeChamp.MONTANT:
            return NOMBRES[champ.type]
        case TypeChamp.DATE:
            return f"{ouvre(decor.jour + relativedelta(months=2)):%d/%m/%Y}"
        case TypeChamp.OUI_NON:
            return "oui"
        case _:
            return decor.alea.choice(RUBRIQUES.get(champ.code, (AUTRE,)))


# --- Mener au bout du circuit


def _proposer(dossier: Dossier, debut: date | None = None) -> None:
    contrat = dossier.contrat
    dossier.contrat = proposer_signature(
        contrat, **dossier.qui, debut=debut or dossier.le(SIGNE + 3), duree=contrat.duree or 1,
        jour=dossier.le(PROPOSE),
    )  # fmt: skip


def _signer(dossier: Dossier, *, deux: bool = True) -> None:
    personne, agent = dossier.suivie.personne, dossier.suivie.agent
    noms = {Signataire.PERSONNE: f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}"}
    if deux:
        noms[Signataire.REFERENT] = str(agent)
    for signataire, nom in noms.items():
        signer(
            dossier.contrat, **dossier.qui, signataire=signataire, mode=ModeSignature.ECRAN, nom=nom,
            le=dossier.le(SIGNE), trace=TRACE if signataire == Signataire.PERSONNE else "",
        )  # fmt: skip
    dossier.contrat.refresh_from_db()


def _recevoir(dossier: Dossier, debut: date | None = None) -> None:
    _proposer(dossier, debut)
    _signer(dossier)
    dossier.contrat = recevoir(dossier.contrat, **dossier.service, le=dossier.le(RECU))


def _mettre_en_vigueur(dossier: Dossier, debut: date | None = None) -> None:
    """Jusqu'à la validation ; puis les premières étapes avancent."""
    _recevoir(dossier, debut)
    dossier.contrat = valider(dossier.contrat, **dossier.service, le=dossier.le(VALIDE))
    valide = dossier.le(VALIDE)
    if (dossier.decor.jour - valide).days < 5:
        return
    for objectif in dossier.contrat.objectifs.order_by("rang", "pk"):
        etapes = list(objectif.etapes.order_by("rang", "pk"))
        changer_etat(objectif, **dossier.qui, etat=EtatObjectif.EN_COURS)
        changer_etat(etapes[0], **dossier.qui, etat=EtatObjectif.ATTEINT, le=ouvre(valide + timedelta(days=4), -1))
        if len(etapes) > 2:
            changer_etat(etapes[1], **dossier.qui, etat=EtatObjectif.EN_COURS)


def _debut_pour_finir(dossier: Dossier, dans: int) -> date:
    """Premier jour d'un contrat dont le dernier jour est dans tant de jours (passé si le nombre est négatif)."""
    return dossier.decor.jour + timedelta(days=dans + 1) - relativedelta(months=dossier.contrat.duree or 1)


def _finissant(dans: int) -> Callable[[Dossier], None]:
    def suite(dossier: Dossier) -> None:
        _mettre_en_vigueur(dossier, max(_debut_pour_finir(dossier, dans), dossier.ouvert))

    return suite


def _soumettre(dossier: Dossier) -> None:
    _recevoir(dossier)
    soumettre_lecture(
        dossier.contrat, **dossier.service, motif="Plusieurs organismes interviennent : le plan est à coordonner.",
        prevue_le=ouvre(dossier.decor.jour + timedelta(days=6)),
    )  # fmt: skip


def _renvoyer(dossier: Dossier) -> None:
    _recevoir(dossier)
    renvoyer(dossier.contrat, **dossier.service, motif=dossier.decor.alea.choice(RENVOIS))


def _signe_par_la_personne(dossier: Dossier) -> None:
    _proposer(dossier)
    _signer(dossier, deux=False)


def _signe(dossier: Dossier) -> None:
    _proposer(dossier)
    _signer(dossier)


def _abandonner(dossier: Dossier) -> None:
    abandonner(dossier.contrat, **dossier.qui, motif="La personne déménage dans un autre département.")


def _rompre(dossier: Dossier) -> None:
    _mettre_en_vigueur(dossier)
    rompre_contrat(
        dossier.contrat, **dossier.service, le=ouvre(dossier.decor.jour - timedelta(days=4), -1),
        motif="Reprise d'emploi à temps plein : le plan n'a plus d'objet, décidé avec la personne.",
    )  # fmt: skip


def _citer(dossier: Dossier) -> None:
    """Un projet signé ailleurs : Jalon n'en garde que les dates et l'acceptation."""
    enregistrer_reference(
        dossier.contrat, **dossier.qui, reference=f"PROJET-FICTIF-{dossier.contrat.pk:05d}", debut=dossier.ouvert,
        duree=dossier.contrat.duree or 6, accepte_le=dossier.ouvert,
    )  # fmt: skip


# --- Faire le point


def _reponses(passation: Passation) -> dict[str, int | None]:
    return {
        reponse.item.code: reponse.echelon.rang if reponse.echelon is not None else None
        for reponse in passation.reponses.select_related("item", "echelon").order_by("pk")
    }


def _remplir_une_grille(dossier: Dossier, avant: Passation | None, le: date) -> Passation | None:
    """Une grille ce jour-là, plus proche de l'emploi que celle d'avant ; rien si le profil n'a pas de grille."""
    decor = dossier.decor
    grille = avant.version.grille if avant is not None else grilles_actives().first()
    if grille is None:
        return None
    version = version_en_vigueur(grille, le)
    if avant is None:
        donnees = echelons(decor.alea, version, 0.6)
    else:
        donnees = progresser(decor.alea, version, progresser(decor.alea, version, _reponses(avant)))
    return enregistrer_passation(
        dossier.suivie.personne, **dossier.qui, version=version, reponses=donnees, date_passation=le, convenue=True,
        origine=OriginePassation.ENTRETIEN if avant is None else OriginePassation.BILAN,
    )  # fmt: skip


def _faire_le_bilan(dossier: Dossier, nature: str, le: date, suite: str) -> None:
    """Un bilan clos, sa grille d'avant et celle du jour."""
    contrat, alea = dossier.contrat, dossier.decor.alea
    debut = contrat.periode.lower
    le = max(le, debut + timedelta(days=1))
    lues = passations(dossier.suivie.personne)
    avant = next((p for p in lues if p.date_passation <= debut), None)
    if avant is None:
        avant = _remplir_une_grille(dossier, None, debut)
    if not any(p.date_passation >= le for p in lues):
        _remplir_une_grille(dossier, avant, le)
    bilan = ouvrir_bilan(contrat, **dossier.qui, nature=nature, le=le)
    bilan = ecrire_bilan(
        bilan, **dossier.qui, numero_lu=bilan.numero,
        valeurs={
            "avance": alea.choice(AVANCE), "reste": alea.choice(RESTE), "dit_par_la_personne": alea.choice(DIT),
            "suite": suite, "sans_grille": "" if avant is not None else "Le département n'a pas de grille active.",
        },
    )  # fmt: skip
    clore_bilan(bilan, **dossier.qui, numero_lu=bilan.numero)
    contrat.refresh_from_db()


def _bilan_d_etape(dossier: Dossier) -> None:
    _mettre_en_vigueur(dossier)
    le = ouvre(dossier.decor.jour - timedelta(days=2), -1)
    _faire_le_bilan(dossier, NatureBilan.INTERMEDIAIRE, le, SuiteBilan.POURSUIVRE)


def _bilan_final(suite: str, dans: int) -> Callable[[Dossier], None]:
    def faire(dossier: Dossier) -> None:
        _finissant(dans)(dossier)
        _faire_le_bilan(dossier, NatureBilan.FINAL, ouvre(dossier.decor.jour - timedelta(days=1), -1), suite)

    return faire


def _terminer(dossier: Dossier) -> None:
    _bilan_final(SuiteBilan.TERMINER, -3)(dossier)
    objectifs: Sequence[Objectif] = list(dossier.contrat.objectifs.order_by("rang", "pk"))
    for objectif in objectifs[:1]:
        changer_etat(objectif, **dossier.qui, etat=EtatObjectif.ATTEINT)
    terminer_contrat(dossier.contrat, **dossier.qui, motif="Objectifs atteints, décidé avec la personne.")


def _reprendre(dossier: Dossier) -> None:
    """Le renouvellement est en écriture ; l'ancien contrat court toujours."""
    _bilan_final(SuiteBilan.RENOUVELER, 4)(dossier)
    suivant = renouveler_contrat(dossier.contrat, **dossier.qui)
    dossier.contrat, dossier.ouvert = suivant, suivant.ouvert_le


def _renouveler(dossier: Dossier) -> None:
    _reprendre(dossier)
    _recevoir(dossier, dossier.contrat.debut)
    dossier.contrat = valider(dossier.contrat, **dossier.service)


# --- Offres


def proposer_des_offres(decor: Decor) -> None:
    """Pour les premiers contrats où les offres se comptent : l'une acceptée, d'autres refusées avec les mots de chacun."""
    contrats = list(
        Contrat.objects.filter(etat="en_vigueur", type__offres_raisonnables=True, referent__isnull=False)
        .select_related("referent", "type", "personne")
        .order_by("periode__startswith", "pk")[:6]
    )
    for rang, contrat in enumerate(contrats):
        assert contrat.referent is not None
        qui = decor.au_nom_de(contrat.referent)
        premier = contrat.periode.lower
        for numero, (poste, employeur, refus, legitime) in enumerate(OFFRES[: 3 if rang == 0 else 1 + rang % 2]):
            proposee = min(ouvre(premier + timedelta(days=3 * (numero + 1))), decor.jour)
            if proposee < premier:
                continue
            offre = noter_offre(contrat, **qui, proposee_le=proposee, poste=poste, employeur=employeur)
            if rang == 5:
                continue
            accepte = rang in (2, 4)
            noter_reponse(
                offre, **qui, acceptee=accepte, reponse_le=min(ouvre(proposee + timedelta(days=2)), decor.jour),
                motif_refus="" if accepte else refus, legitime=legitime and not accepte,
            )  # fmt: skip


# --- Un public hors de l'allocation


def contrat_hors_allocation(decor: Decor, suivie: Suivie) -> Contrat | None:
    """Un contrat d'objectifs en vigueur pour une personne d'un autre public (R57)."""
    return jouer(preparer_la_redaction(decor), suivie, EN_VIGUEUR)


def avec_contrat_vivant(personnes: Sequence[Personne]) -> set[int]:
    """Celles de ces personnes qui ont un contrat en vigueur."""
    return set(
        Contrat.objects.filter(personne__in=personnes, etat="en_vigueur")
        .order_by("pk")
        .values_list("personne_id", flat=True)
    )


# --- Les scènes


@dataclass(frozen=True, eq=False)
class Scene:
    """Un moment de la vie d'un contrat : depuis combien de jours il est ouvert, sa durée en mois, ce qui le mène là."""

    recul: int
    suite: Callable[[Dossier], None]
    mois: int | None = None
    depuis_orientation: bool = False
    """S'ouvre peu après l'orientation, au plus tôt à `recul` jours."""
    cite: bool = False

    def ouverture(self, jour: date, oriente: date) -> date:
        au_plus_tot = jour - timedelta(days=self.recul)
        if self.depuis_orientation:
            return min(max(oriente + timedelta(days=3), au_plus_tot), jour - timedelta(days=min(self.recul, 9)))
        return au_plus_tot


BROUILLON: Final = Scene(4, lambda _: None)
EN_VIGUEUR: Final = Scene(38, _mettre_en_vigueur, depuis_orientation=True)
A_VALIDER: Final = Scene(14, _recevoir)
A_SIGNER: Final = Scene(4, _proposer)
ETAPE: Final = Scene(40, _bilan_d_etape)
RENVOYE: Final = Scene(13, _renvoyer)
ECHU: Final = Scene(46, _finissant(-12), 1)
SCENES: Final = (
    EN_VIGUEUR,
    BROUILLON,
    A_VALIDER,
    Scene(25, _finissant(10), 1),
    A_SIGNER,
    Scene(44, _recevoir),
    ETAPE,
    Scene(12, _soumettre),
    RENVOYE,
    Scene(26, _finissant(40), 2),
    ECHU,
    Scene(32, _renouveler, 1),
    Scene(5, _signe),
    EN_VIGUEUR,
    Scene(34, _rompre),
    # La seconde moitié vaut la première : deux référents assez chargés ont chacun de tout.
    BROUILLON,
    EN_VIGUEUR,
    A_VALIDER,
    Scene(25, _finissant(9), 1),
    Scene(5, _signe_par_la_personne),
    Scene(40, _terminer, 1),
    Scene(30, _citer, cite=True),
    RENVOYE,
    Scene(30, _bilan_final(SuiteBilan.RENOUVELER, 5), 1),
    Scene(31, _reprendre, 1),
    ETAPE,
    Scene(9, _abandonner),
    ECHU,
    A_SIGNER,
    EN_VIGUEUR,
)
