"""Réunir deux dossiers d'une même personne, et savoir le défaire exactement (F008).

Tout ce qui désigne la personne absorbée est retrouvé par les modèles eux-mêmes : une pièce ajoutée demain
est déplacée sans qu'on y pense. Chaque changement est une étape notée avec sa valeur d'avant ; défaire, c'est
rejouer les étapes à rebours. Les règles ci-dessous nomment des modèles de pièces de rang supérieur par leur
étiquette, comme le fait une clé étrangère : aucune n'est importée.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pghistory.models
from django.apps import apps
from django.db import connection, models
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Q
from django.utils import timezone

from jalon.personnes.identite import cles_identite
from jalon.personnes.models import EtatCivil, Fusion, Personne, Rapprochement, Rattachement, RolePersonne, TypeNir
from jalon.socle.errors import TransitionRefuseeError

VIDE = DateRange(empty=True)
Lien = tuple[type[models.Model], str]


@dataclass(frozen=True)
class Cloture:
    """Deux lignes en cours ne peuvent coexister : la plus ancienne reste, l'autre est close."""

    en_cours: Q
    ordre: tuple[str, ...]
    fermer: dict[str, str]
    date_fin: str
    par: tuple[str, ...] = ()


@dataclass(frozen=True)
class Cession:
    """Ce que deviennent les lignes du dossier absorbé qui cèdent des jours ; `vivante` finit si elle ne vaut plus ce jour."""

    valeurs: dict[str, str] = field(default_factory=dict)
    parmi: Q = field(default_factory=Q)
    vivante: Q | None = None
    finir: dict[str, str] = field(default_factory=dict)
    date_fin: str = ""


CLOTURES: dict[str, Cloture | tuple[Cloture, ...]] = {
    "orientations.attenteorientation": Cloture(
        Q(sortie_le=None), ("entree_le", "pk"), {"motif_sortie": "fusion"}, "sortie_le"
    ),
    "accompagnements.maintien": Cloture(
        Q(etat__in=["en_cours", "fin_proposee"]), ("debut", "pk"), {"etat": "clos"}, "clos_le"
    ),
    "droits.demandeinstruction": Cloture(
        Q(close_le=None), ("depot_le", "pk"), {"etat": "sans_suite", "motif_sans_suite": "Dossiers réunis"}, "close_le"
    ),
    "orientations.demandereorientation": Cloture(
        Q(etat__in=["demandee", "transmise", "avis_rendu"]), ("demandee_le", "pk"), {"etat": "retiree"}, "decidee_le"
    ),
    "personnes.tache": Cloture(
        Q(etat="a_faire"), ("ouverte_le", "pk"), {"etat": "sans_objet"}, "close_le", par=("type",)
    ),
    # Une place par réunion, celle dont la présence est notée d'abord ; puis une seule invitation en cours.
    "rendezvous.invitation": (
        Cloture(~Q(etat="annulee"), ("presence_notee_le", "pk"), {"etat": "annulee"}, "close_le", par=("reunion_id",)),
        Cloture(Q(etat__in=["invitee", "convoquee"]), ("reunion__date", "pk"), {"etat": "annulee"}, "close_le"),
    ),
    # La plus ancienne invitation à choisir un créneau attend la réponse, l'autre est retirée.
    "rendezvous.propositionrendezvous": Cloture(
        Q(etat="ouverte"), ("proposee_le", "pk"), {"etat": "retiree"}, "close_le", par=("agent_id",)
    ),
    "instances.dossierseance": Cloture(
        Q(etat__in=["inscrit", "examine"]),
        ("etat", "pk"),
        {"etat": "retire", "motif": "Dossier réuni avec un autre"},
        "sorti_le",
        par=("nature",),
    ),
    # La plus avancée reste : avis rendu, puis avertie, puis saisie, puis la plus ancienne.
    "manquements.manquement": Cloture(
        Q(etat__in=["prepare", "saisi", "averti", "avis_rendu"]),
        ("avis__rendu_le", "averti_le", "saisi_le", "prepare_le", "pk"),
        {"etat": "classe", "motif_classement": "suite", "precision_classement": "Dossier réuni avec un autre"},
        "clos_le",
    ),
    "passeport.accespersonnel": Cloture(
        Q(revoque_le=None),
        ("cree_le", "pk"),
        {"motif_revocation": "Dossier réuni avec un autre", "visite": ""},
        "revoque_le",
    ),
    "diagnostics.brouillonrecueil": Cloture(
        Q(ecarte_le=None), ("-modifie_le", "-pk"), {}, "ecarte_le", par=("auteur_id",)
    ),
    # Le plus avancé reste : signé, puis proposé à la signature, puis le plus ancien.
    "contrats.contrat": Cloture(
        Q(
            etat__in=["brouillon", "a_signer", "signe_personne", "signe", "recu", "en_lecture", "renvoye"],
            reference_seule=False,
        ),
        ("signe_le", "propose_le", "ouvert_le", "pk"),
        {"etat": "abandonne", "motif_fin": "Dossier réuni avec un autre"},
        "clos_le",
    ),
}
FAITS_UNIQUES: dict[str, str] = {"personnes.rattachement": "foyer_id", "droits.soumission": "dossier_id"}
"""Faits reçus dont un seul vaut à la fois : celui du dossier gardé l'emporte, l'autre est vidé mais reste lisible."""
PERIODES_REUNIES: dict[str, str] = {
    "personnes.publicpersonne": "public_id",
    "personnes.partagedossier": "organisme_id",
    "accompagnements.accompagnement": "organisme_id",
}
"""Périodes qui ne peuvent se chevaucher : les deux n'en font plus qu'une, la plus longue."""
PERIODES_CEDEES: dict[str, Cession] = {
    "accompagnements.designationcorrespondant": Cession(),
    "accompagnements.designationreferent": Cession({"motif_fin": "fusion"}),
    "orientations.decisionorientation": Cession(),
    "manquements.decisionsanction": Cession(),
    "contrats.contrat": Cession(
        parmi=Q(reference_seule=False),
        vivante=Q(etat__in=["en_vigueur", "bilan"]),
        finir={"etat": "termine", "motif_fin": "Dossier réuni avec un autre"},
        date_fin="clos_le",
    ),
}
"""Périodes dont une seule vaut à une date : celles du dossier gardé l'emportent, celles de l'autre leur cèdent les
jours communs et prennent les valeurs données."""
LIGNES_UNIQUES: dict[str, tuple[tuple[str, ...], ...]] = {
    "personnes.coordonnees": (
        ("telephone", "accepte_sms"),
        ("courriel", "accepte_courriel"),
        ("commune_id", "code_postal", "voie", "complement"),
        ("precision",),
    ),
    "passeport.profilcompetences": (
        ("accroche",),
        ("motivations",),
        ("savoir_faire",),
        ("savoir_etre",),
        ("transferables",),
        ("langues",),
        ("permis",),
    ),
}
"""Une seule ligne par personne : celle du dossier gardé reste, l'autre aussi, à sa place. Chaque groupe dont la
première colonne est vide est complété par celui de l'autre ligne."""

CONTENANTS = ("dossier_id", "foyer_id")
"""Colonnes qui disent de quel dossier ou foyer vient une ligne reçue."""


def liens_vers_personne() -> list[Lien]:
    """Toutes les clés étrangères de nos pièces qui désignent une personne et qu'une fusion déplace."""
    liens: list[Lien] = []
    for relation in Personne._meta.get_fields(include_hidden=True):
        if not isinstance(relation, models.ManyToOneRel):
            continue
        modele = relation.related_model
        if isinstance(modele, str) or not modele.__module__.startswith("jalon."):
            continue
        if issubclass(modele, pghistory.models.Event) or modele in (Fusion, Rapprochement):
            continue
        liens.append((modele, relation.field.attname))
    return sorted(liens, key=lambda lien: (lien[0]._meta.db_table, lien[1]))


@contextmanager
def effets_complets() -> Iterator[None]:
    """Un acte permis s'accomplit en entier : ses effets touchent aussi des lignes que l'agent ne lit pas.

    Le réglage vit dans la transaction de l'acte ; en cas d'échec, le retour au point de reprise le rend.
    """
    with connection.cursor() as curseur:
        curseur.execute(
            "select coalesce(current_setting('jalon.tout', true), ''), coalesce(current_setting('jalon.effets', true), '')"
        )
        avant = curseur.fetchone()
        curseur.execute("select set_config('jalon.tout', 'oui', true), set_config('jalon.effets', 'oui', true)")
        yield
        curseur.execute("select set_config('jalon.tout', %s, true), set_config('jalon.effets', %s, true)", avant)


# --- Étapes


def coder(valeur: Any) -> Any:
    """Valeur d'une colonne, telle qu'elle s'écrit dans `Fusion.deplacements`. Le NIR n'y est que chiffré."""
    if isinstance(valeur, DateRange):
        if valeur.isempty:
            return {"vide": True}
        return {"du": coder(valeur.lower), "au": coder(valeur.upper)}
    if isinstance(valeur, bytes | memoryview):
        return base64.b64encode(bytes(valeur)).decode()
    if isinstance(valeur, datetime):
        # Un même instant s'écrit d'une seule façon, quelle que soit l'horloge de qui le lit.
        return valeur.astimezone(UTC).isoformat()
    if isinstance(valeur, date):
        return valeur.isoformat()
    return valeur


def decoder(champ: models.Field[Any, Any], code: Any) -> Any:
    """Inverse de `coder`, guidé par le type de la colonne."""
    if code is None:
        return None
    if isinstance(code, dict):
        if code.get("vide"):
            return VIDE
        bornes = [date.fromisoformat(code[b]) if code[b] else None for b in ("du", "au")]
        return DateRange(*bornes)
    if isinstance(champ, models.BinaryField):
        return base64.b64decode(code)
    if isinstance(champ, models.DateTimeField):
        return datetime.fromisoformat(code)
    if isinstance(champ, models.DateField):
        return date.fromisoformat(code)
    return code


@dataclass
class Carnet:
    """Suite des changements d'une fusion, dans l'ordre."""

    etapes: list[dict[str, Any]] = field(default_factory=list)

    def changer(self, modele: type[models.Model], lignes: Iterable[int], champ: str, avant: Any, apres: Any) -> None:
        """Change une colonne sur des lignes qui ont toutes la même valeur d'avant, et le note."""
        ids = sorted(lignes)
        if not ids or coder(avant) == coder(apres):
            return
        touchees = modele._base_manager.filter(pk__in=ids).update(**{champ: apres})
        if touchees != len(ids):
            raise TransitionRefuseeError(
                "Une partie du dossier n'a pas pu être déplacée : rien n'a été changé. Recommencez dans un instant."
            )
        self.etapes.append(
            {
                "table": modele._meta.label_lower,
                "champ": champ,
                "ids": ids,
                "avant": coder(avant),
                "apres": coder(apres),
            }
        )

    def changer_une(self, ligne: models.Model, champ: str, apres: Any) -> None:
        self.changer(type(ligne), [ligne.pk], champ, getattr(ligne, champ), apres)
        setattr(ligne, champ, apres)


# --- Réunir


def verifier_fusion(gardee: Personne, absorbee: Personne) -> None:
    """Refuse deux dossiers déjà réunis, et deux adultes d'un même foyer : des époux ne sont pas un doublon."""
    if gardee.fusionnee_dans_id or absorbee.fusionnee_dans_id:
        raise TransitionRefuseeError(
            "L'un de ces deux dossiers a déjà été réuni avec un autre : ouvrez la liste des doublons à jour."
        )
    adultes = (RolePersonne.DEMANDEUR, RolePersonne.CONJOINT)

    def foyers(personne: Personne) -> set[int]:
        en_cours = Rattachement.objects.filter(
            personne=personne, role__in=adultes, periode__endswith=None, periode__isempty=False
        )
        return set(en_cours.order_by("pk").values_list("foyer_id", flat=True))

    if foyers(gardee) & foyers(absorbee):
        raise TransitionRefuseeError(
            "Ces deux personnes sont aujourd'hui le demandeur et le conjoint d'un même foyer : ce sont deux "
            "personnes. Si la caisse se trompe, attendez que son fichier soit corrigé."
        )


def reunir(gardee: Personne, absorbee: Personne, *, jour: date) -> dict[str, Any]:
    """Déplace vers `gardee` tout ce qui désigne `absorbee` ; rend les étapes et les repères pour défaire."""
    carnet = Carnet()
    reperes: dict[str, int] = {}
    for modele, colonne in liens_vers_personne():
        etiquette = modele._meta.label_lower
        reperes[etiquette] = modele._base_manager.aggregate(m=models.Max("pk"))["m"] or 0
        if etiquette in CLOTURES:
            regles = CLOTURES[etiquette]
            for regle in regles if isinstance(regles, tuple) else (regles,):
                _clore_la_plus_recente(carnet, modele, regle, gardee, absorbee, jour)
        if etiquette in PERIODES_CEDEES:
            _ceder_les_jours(carnet, modele, PERIODES_CEDEES[etiquette], gardee, absorbee, jour)
        elif etiquette in FAITS_UNIQUES:
            _vider_les_jumeaux(carnet, modele, FAITS_UNIQUES[etiquette], gardee, absorbee)
        elif etiquette in PERIODES_REUNIES:
            _reunir_les_periodes(carnet, modele, PERIODES_REUNIES[etiquette], gardee, absorbee)
        elif etiquette in LIGNES_UNIQUES and _completer_la_jumelle(
            carnet, modele, LIGNES_UNIQUES[etiquette], gardee, absorbee
        ):
            continue
        lignes = modele._base_manager.filter(**{colonne: absorbee.pk}).order_by("pk")
        carnet.changer(modele, lignes.values_list("pk", flat=True), colonne, absorbee.pk, gardee.pk)
    _un_seul_suivi_de_reference(carnet, gardee)
    _deplacer_les_rapprochements(carnet, gardee, absorbee)
    _completer_identite(carnet, gardee, absorbee)
    carnet.changer_une(absorbee, "fusionnee_dans_id", gardee.pk)
    return {"etapes": carnet.etapes, "reperes": reperes}


def _clore_la_plus_recente(
    carnet: Carnet, modele: type[models.Model], regle: Cloture, gardee: Personne, absorbee: Personne, jour: date
) -> None:
    lignes = modele._base_manager.filter(regle.en_cours, personne_id__in=(gardee.pk, absorbee.pk))
    champ_fin = modele._meta.get_field(regle.date_fin)
    fin = timezone.now() if isinstance(champ_fin, models.DateTimeField) else jour
    vues: set[tuple[Any, ...]] = set()
    for ligne in lignes.select_for_update(of=("self",)).order_by(*regle.ordre):
        cle = tuple(getattr(ligne, champ) for champ in regle.par)
        if cle in vues:
            avant = {champ: getattr(ligne, champ) for champ in (regle.date_fin, *regle.fermer)}
            apres = {regle.date_fin: fin, **regle.fermer}
            _changer_ensemble(carnet, ligne, avant, apres)
        vues.add(cle)


def _changer_ensemble(carnet: Carnet, ligne: models.Model, avant: dict[str, Any], apres: dict[str, Any]) -> None:
    """Change plusieurs colonnes d'un coup : une contrainte peut les lier (une sortie a une date et un motif)."""
    type(ligne)._base_manager.filter(pk=ligne.pk).update(**apres)
    carnet.etapes.append(
        {
            "table": ligne._meta.label_lower,
            "ids": [ligne.pk],
            "avant": {champ: coder(valeur) for champ, valeur in avant.items()},
            "apres": {champ: coder(valeur) for champ, valeur in apres.items()},
        }
    )


def _vider_les_jumeaux(
    carnet: Carnet, modele: type[models.Model], cle: str, gardee: Personne, absorbee: Personne
) -> None:
    tenues: dict[int, list[DateRange]] = {}
    for contenant, periode in (
        modele._base_manager.filter(personne_id=gardee.pk).order_by("pk").values_list(cle, "periode")
    ):
        tenues.setdefault(contenant, []).append(periode)
    for ligne in modele._base_manager.filter(personne_id=absorbee.pk).order_by("pk"):
        sienne: DateRange = ligne.periode  # type: ignore[attr-defined]
        if any(_se_chevauchent(sienne, autre) for autre in tenues.get(getattr(ligne, cle), [])):
            carnet.changer_une(ligne, "periode", VIDE)


def _ceder_les_jours(
    carnet: Carnet, modele: type[models.Model], regle: Cession, gardee: Personne, absorbee: Personne, jour: date
) -> None:
    """Retire à chaque période du dossier absorbé les jours que tient le gardé ; coupée en deux, la fin reste.

    Une ligne vivante qui ne vaut plus ce jour finit : elle ne garde que les jours d'avant ceux du gardé.
    """
    tenues = list(
        modele._base_manager.filter(regle.parmi, personne_id=gardee.pk, periode__isempty=False)
        .order_by("periode", "pk")
        .values_list("periode", flat=True)
    )
    cedent = modele._base_manager.filter(regle.parmi, personne_id=absorbee.pk, periode__isempty=False)
    vivantes = set()
    if regle.vivante is not None:
        vivantes = set(cedent.filter(regle.vivante).order_by("pk").values_list("pk", flat=True))
    for ligne in cedent.select_for_update(of=("self",)).order_by("pk"):
        avant: DateRange = ligne.periode  # type: ignore[attr-defined]
        apres = _sans_les_jours(avant, tenues)
        if apres == avant:
            continue
        valeurs: dict[str, Any] = dict(regle.valeurs)
        if ligne.pk in vivantes and not _court_encore(apres, avant, jour):
            apres = _avant_les_jours(avant, tenues)
            valeurs |= {**regle.finir, regle.date_fin: jour}
        colonnes = {"periode": apres, **valeurs}
        _changer_ensemble(carnet, ligne, {champ: getattr(ligne, champ) for champ in colonnes}, colonnes)


def _sans_les_jours(periode: DateRange, tenues: Iterable[DateRange]) -> DateRange:
    reste = periode
    for tenue in tenues:
        if not _se_chevauchent(reste, tenue):
            continue
        if tenue.upper is not None and (reste.upper is None or tenue.upper < reste.upper):
            reste = DateRange(tenue.upper, reste.upper)
        elif tenue.lower is not None and (reste.lower is None or reste.lower < tenue.lower):
            reste = DateRange(reste.lower, tenue.lower)
        else:
            reste = VIDE
    return reste


def _avant_les_jours(periode: DateRange, tenues: Iterable[DateRange]) -> DateRange:
    """Les jours de la période qui précèdent tous ceux qui lui sont pris."""
    fin = min((t.lower or date.min for t in tenues if _se_chevauchent(periode, t)), default=periode.upper)
    return DateRange(periode.lower, fin) if periode.lower is None or periode.lower < fin else VIDE


def _court_encore(reste: DateRange, avant: DateRange, jour: date) -> bool:
    """La période garde sa fin et a déjà commencé."""
    return not reste.isempty and reste.upper == avant.upper and (reste.lower is None or reste.lower <= jour)


def _un_seul_suivi_de_reference(carnet: Carnet, gardee: Personne) -> None:
    """L'organisme dont le référent a cédé sa place suit encore la personne, sans plus la coordonner."""
    en_cours = {"personne_id": gardee.pk, "periode__endswith": None, "periode__isempty": False}
    referents = apps.get_model("accompagnements", "DesignationReferent")._base_manager.filter(**en_cours)
    organismes = set(referents.order_by("pk").values_list("organisme_id", flat=True))
    if not organismes:
        return
    suivis = apps.get_model("accompagnements", "Accompagnement")._base_manager.filter(nature="reference", **en_cours)
    for suivi in suivis.exclude(organisme_id__in=organismes).order_by("pk"):
        carnet.changer_une(suivi, "nature", "suivi")


def _completer_la_jumelle(
    carnet: Carnet,
    modele: type[models.Model],
    groupes: tuple[tuple[str, ...], ...],
    gardee: Personne,
    absorbee: Personne,
) -> bool:
    """Complète la ligne du dossier gardé par celle de l'autre ; faux s'il n'y a pas deux lignes."""
    paire = modele._base_manager.filter(personne_id__in=(gardee.pk, absorbee.pk)).select_for_update(of=("self",))
    lignes = {ligne.personne_id: ligne for ligne in paire.order_by("pk")}  # type: ignore[attr-defined]
    if len(lignes) < 2:
        return False
    tenue, autre = lignes[gardee.pk], lignes[absorbee.pk]
    for groupe in groupes:
        if not getattr(tenue, groupe[0]) and getattr(autre, groupe[0]):
            avant = {champ: getattr(tenue, champ) for champ in groupe}
            _changer_ensemble(carnet, tenue, avant, {champ: getattr(autre, champ) for champ in groupe})
    return True


def _se_chevauchent(a: DateRange, b: DateRange) -> bool:
    if a.isempty or b.isempty:
        return False
    return (a.upper is None or b.lower is None or b.lower < a.upper) and (
        b.upper is None or a.lower is None or a.lower < b.upper
    )


def _reunir_les_periodes(
    carnet: Carnet, modele: type[models.Model], cle: str, gardee: Personne, absorbee: Personne
) -> None:
    lignes: dict[int, list[Any]] = {}
    tout = modele._base_manager.filter(personne_id__in=(gardee.pk, absorbee.pk), periode__isempty=False)
    for ligne in tout.select_for_update(of=("self",)).order_by("pk"):
        lignes.setdefault(getattr(ligne, cle), []).append(ligne)
    for groupe in lignes.values():
        groupe.sort(key=lambda ligne: (ligne.periode.lower or date.min, ligne.pk))
        tete, reunie = groupe[0], groupe[0].periode
        suites: list[tuple[models.Model, DateRange]] = []
        for ligne in groupe[1:]:
            if not _se_chevauchent(reunie, ligne.periode):
                suites.append((tete, reunie))
                tete, reunie = ligne, ligne.periode
                continue
            fins = (reunie.upper, ligne.periode.upper)
            reunie = DateRange(reunie.lower, None if None in fins else max(f for f in fins if f is not None))
            carnet.changer_une(ligne, "periode", VIDE)
        for ligne, periode in [*suites, (tete, reunie)]:
            carnet.changer_une(ligne, "periode", periode)


def _deplacer_les_rapprochements(carnet: Carnet, gardee: Personne, absorbee: Personne) -> None:
    """Les autres doutes suivent, sauf ceux qui existent déjà pour le dossier gardé."""
    for rapprochement in Rapprochement.objects.filter(Q(ancienne=absorbee) | Q(nouvelle=absorbee)).order_by("pk"):
        cote = "ancienne_id" if rapprochement.ancienne_id == absorbee.pk else "nouvelle_id"
        autre = rapprochement.nouvelle_id if cote == "ancienne_id" else rapprochement.ancienne_id
        deja = Rapprochement.objects.filter(
            Q(ancienne_id=gardee.pk, nouvelle_id=autre) | Q(ancienne_id=autre, nouvelle_id=gardee.pk)
        )
        if autre != gardee.pk and not deja.exists():
            carnet.changer_une(rapprochement, cote, gardee.pk)


def _completer_identite(carnet: Carnet, gardee: Personne, absorbee: Personne) -> None:
    """Ce que le dossier gardé ignorait, l'autre le lui apprend ; un NIR certain remplace un numéro d'attente."""
    changements: dict[str, Any] = {}
    du_nir = ("nir_chiffre", "nir_empreinte", "type_nir")
    noms = [f.attname for f in EtatCivil._meta.get_fields() if isinstance(f, models.Field) and f.attname not in du_nir]
    for champ in (*noms, "identifiant_france_travail", "territoire_id"):
        if getattr(gardee, champ) in (None, "") and getattr(absorbee, champ) not in (None, ""):
            changements[champ] = getattr(absorbee, champ)
    meilleur = absorbee.type_nir == TypeNir.CERTAIN and gardee.type_nir != TypeNir.CERTAIN
    if absorbee.nir_chiffre is not None and (gardee.nir_chiffre is None or meilleur):
        changements.update({champ: getattr(absorbee, champ) for champ in du_nir})
    for champ, valeur in changements.items():
        carnet.changer_une(gardee, champ, valeur)
    cles = cles_identite(gardee.nom, gardee.nom_naissance, gardee.prenom, gardee.prenom2, gardee.prenom3)
    if changements:
        for champ, valeur in cles.items():
            carnet.changer_une(gardee, champ, valeur)


# --- Défaire


def defaire(fusion: Fusion) -> None:
    """Rejoue les étapes à rebours. Lève `TransitionRefuseeError` en nommant ce qui a changé depuis."""
    etapes = [_normaliser(etape) for etape in fusion.deplacements["etapes"]]
    empechements = _faits_recus_depuis(fusion, etapes)
    a_rejouer: list[tuple[type[models.Model], list[int], dict[str, Any]]] = []
    for etape in reversed(etapes):
        modele = apps.get_model(etape["table"])
        colonnes = list(etape["apres"])
        ids: list[int] = []
        lignes = modele._base_manager.filter(pk__in=etape["ids"]).select_for_update(of=("self",)).order_by("pk")
        for pk, *valeurs in lignes.values_list("pk", *colonnes):
            if [coder(v) for v in valeurs] == [etape["apres"][c] for c in colonnes]:
                ids.append(pk)
            elif modele is not Personne or "fusionnee_dans_id" in colonnes:
                empechements.append(f"{modele._meta.verbose_name} ({modele._meta.get_field(colonnes[0]).verbose_name})")
        avant = {c: decoder(modele._meta.get_field(c), etape["avant"][c]) for c in colonnes}
        a_rejouer.append((modele, ids, avant))
    if empechements:
        liste = ", ".join(dict.fromkeys(empechements))
        raise TransitionRefuseeError(
            f"Cette réunion ne peut plus être défaite : depuis, ceci a changé : {liste}. "
            "Corrigez d'abord ce point, ou écrivez à votre administrateur."
        )
    for modele, ids, avant in a_rejouer:
        modele._base_manager.filter(pk__in=ids).update(**avant)


def _normaliser(etape: dict[str, Any]) -> dict[str, Any]:
    if "champ" not in etape:
        return etape
    return {
        "table": etape["table"],
        "ids": etape["ids"],
        "avant": {etape["champ"]: etape["avant"]},
        "apres": {etape["champ"]: etape["apres"]},
    }


def _faits_recus_depuis(fusion: Fusion, etapes: list[dict[str, Any]]) -> list[str]:
    """Lignes arrivées depuis la fusion dans un dossier ou un foyer venu de la personne absorbée."""
    venus: dict[str, set[int]] = {c: set() for c in CONTENANTS}
    for etape in etapes:
        modele = apps.get_model(etape["table"])
        for contenant in CONTENANTS:
            if _a_colonne(modele, contenant) and "personne_id" in etape["apres"]:
                ids = modele._base_manager.filter(pk__in=etape["ids"]).order_by("pk")
                venus[contenant] |= set(ids.values_list(contenant, flat=True))
    trouves: list[str] = []
    for modele, colonne in liens_vers_personne():
        repere = fusion.deplacements["reperes"].get(modele._meta.label_lower, 0)
        for contenant in CONTENANTS:
            if not _a_colonne(modele, contenant) or not venus[contenant] or modele._meta.app_label == "echanges":
                continue
            depuis = modele._base_manager.filter(
                **{colonne: fusion.gardee_id, "pk__gt": repere, f"{contenant}__in": venus[contenant]}
            )
            if depuis.exists():
                trouves.append(f"{modele._meta.verbose_name} arrivée depuis")
    return trouves


def _a_colonne(modele: type[models.Model], colonne: str) -> bool:
    return any(isinstance(f, models.Field) and f.attname == colonne for f in modele._meta.get_fields())


def contrainte_violee(erreur: Exception) -> str:
    """Phrase française de la contrainte que PostgreSQL a nommée, pour un refus lisible."""
    nom = getattr(getattr(erreur.__cause__, "diag", None), "constraint_name", None)
    for modele in apps.get_models():
        for contrainte in modele._meta.constraints:
            if contrainte.name == nom:
                return str(contrainte.violation_error_message)
    return "Une règle de la base s'y oppose."
