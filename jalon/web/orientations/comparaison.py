"""Deux dossiers côte à côte : ce qui est pareil, ce qui diffère, ce qui manque."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jalon.accompagnements.models import Accompagnement
from jalon.droits.models import DossierRsa, EtatDossier, Situation, Soumission
from jalon.orientations.models import AttenteOrientation
from jalon.personnes.models import Adresse, Personne, Rattachement, RolePersonne, Sexe
from jalon.socle.textes import nom_propre, normaliser
from jalon.web.templatetags.jalon import date_courte, date_longue

PAREIL, DIFFERENT, MANQUE, ABSENT = "pareil", "different", "manque", "absent"
EN_COURS = {"periode__endswith": None, "periode__isempty": False}


@dataclass(frozen=True)
class Rangee:
    """Une information des deux dossiers : `etat` dit si elles concordent."""

    libelle: str
    a: Sequence[str]
    b: Sequence[str]
    etat: str


@dataclass(frozen=True)
class Comparaison:
    identite: Sequence[Rangee]
    situation: Sequence[Rangee]

    @property
    def differences(self) -> int:
        return sum(r.etat == DIFFERENT for r in self.identite)


def comparer(a: Personne, b: Personne) -> Comparaison:
    """Compare en un nombre fixe de lectures."""
    return Comparaison(identite=_identite(a, b), situation=_situation(a, b))


def _etat(a: Sequence[str], b: Sequence[str]) -> str:
    if not a and not b:
        return ABSENT
    if not a or not b:
        return MANQUE
    return PAREIL if {normaliser(x) for x in a} == {normaliser(x) for x in b} else DIFFERENT


def _rangee(libelle: str, a: str | Sequence[str], b: str | Sequence[str]) -> Rangee:
    gauche = [a] if isinstance(a, str) and a else list(a)
    droite = [b] if isinstance(b, str) and b else list(b)
    return Rangee(libelle, gauche, droite, _etat(gauche, droite))


def _identite(a: Personne, b: Personne) -> list[Rangee]:
    def sexe(personne: Personne) -> str:
        return Sexe(personne.sexe).label if personne.sexe in Sexe.values else ""

    return [
        _rangee("Nom d’usage", nom_propre(a.nom), nom_propre(b.nom)),
        _rangee("Nom de naissance", nom_propre(a.nom_naissance), nom_propre(b.nom_naissance)),
        _rangee("Prénom", nom_propre(a.prenom), nom_propre(b.prenom)),
        _rangee("Autres prénoms", _autres_prenoms(a), _autres_prenoms(b)),
        _rangee("Date de naissance", date_longue(a.date_naissance), date_longue(b.date_naissance)),
        _rangee("Commune de naissance", nom_propre(a.commune_naissance), nom_propre(b.commune_naissance)),
        _rangee("Sexe", sexe(a), sexe(b)),
        _rangee("Identifiant France Travail", a.identifiant_france_travail, b.identifiant_france_travail),
        _nir(a, b),
    ]


def _autres_prenoms(personne: Personne) -> str:
    return " ".join(filter(None, (nom_propre(personne.prenom2), nom_propre(personne.prenom3))))


def _nir(a: Personne, b: Personne) -> Rangee:
    """Le NIR ne s'affiche jamais ici : on dit seulement si les deux index aveugles sont les mêmes."""

    def presence(personne: Personne) -> list[str]:
        return [f"connu ({personne.get_type_nir_display().lower()})"] if personne.nir_empreinte is not None else []

    if a.nir_empreinte is None or b.nir_empreinte is None:
        etat = ABSENT if a.nir_empreinte is None and b.nir_empreinte is None else MANQUE
    else:
        etat = PAREIL if bytes(a.nir_empreinte) == bytes(b.nir_empreinte) else DIFFERENT
    return Rangee("Numéro de sécurité sociale", presence(a), presence(b), etat)


def _situation(a: Personne, b: Personne) -> list[Rangee]:
    deux = (a.pk, b.pk)
    foyers: dict[int, dict[int, str]] = {a.pk: {}, b.pk: {}}
    for place in Rattachement.objects.filter(personne__in=deux, **EN_COURS).order_by("pk"):
        role = RolePersonne(place.role).label if place.role in RolePersonne.values else "Rôle inconnu"
        foyers[place.personne_id][place.foyer_id] = role
    tous = {foyer for siens in foyers.values() for foyer in siens}
    membres: dict[int, list[str]] = {}
    for place in Rattachement.objects.filter(foyer__in=tous, **EN_COURS).select_related("personne").order_by("pk"):
        if place.personne_id not in deux:
            membres.setdefault(place.foyer_id, []).append(
                f"{nom_propre(place.personne.prenom)} {nom_propre(place.personne.nom)}"
            )
    dossiers: dict[int, list[DossierRsa]] = {}
    for dossier in DossierRsa.objects.filter(foyer__in=tous).order_by("pk"):
        dossiers.setdefault(dossier.foyer_id, []).append(dossier)
    adresses = {
        adresse.foyer_id: " ".join(str(adresse).split())
        for adresse in Adresse.objects.filter(foyer__in=tous, **EN_COURS).order_by("-rang", "pk")
    }

    def par_foyer(personne: Personne, lire: dict[int, list[str]]) -> list[str]:
        return [texte for foyer in foyers[personne.pk] for texte in lire.get(foyer, [])]

    textes_dossiers = _dire_dossiers(dossiers)
    lieux = {foyer: [adresse] for foyer, adresse in adresses.items()}
    lire_soumission, lire_attente, lire_suivi = _soumissions(deux), _attentes(deux), _suivis(deux)
    return [
        _rangee("Place dans le foyer", list(foyers[a.pk].values()), list(foyers[b.pk].values())),
        _rangee("Avec", par_foyer(a, membres), par_foyer(b, membres)),
        _rangee("Adresse", par_foyer(a, lieux), par_foyer(b, lieux)),
        _rangee("Dossier RSA", par_foyer(a, textes_dossiers), par_foyer(b, textes_dossiers)),
        _rangee("Droits et devoirs", lire_soumission.get(a.pk, []), lire_soumission.get(b.pk, [])),
        _rangee("File d’orientation", lire_attente.get(a.pk, []), lire_attente.get(b.pk, [])),
        _rangee("Accompagnement", lire_suivi.get(a.pk, []), lire_suivi.get(b.pk, [])),
    ]


def _dire_dossiers(dossiers: dict[int, list[DossierRsa]]) -> dict[int, list[str]]:
    cles = [dossier.pk for liste in dossiers.values() for dossier in liste]
    etats = dict(
        Situation.objects.filter(dossier__in=cles, **EN_COURS).order_by("pk").values_list("dossier_id", "etat")
    )
    textes: dict[int, list[str]] = {}
    for foyer, liste in dossiers.items():
        for dossier in liste:
            etat = etats.get(dossier.pk, "")
            libelle = EtatDossier(etat).label if etat in EtatDossier.values else "état inconnu"
            matricule = f", matricule {dossier.matricule}" if dossier.matricule else ""
            caisse = f"{dossier.caisse_regime} {dossier.caisse_numero}"
            textes.setdefault(foyer, []).append(f"Demande {dossier.numero_demande}, {caisse}{matricule} : {libelle}")
    return textes


def _soumissions(deux: tuple[int, int]) -> dict[int, list[str]]:
    lues: dict[int, list[str]] = {}
    for fait in Soumission.objects.filter(personne__in=deux, **EN_COURS).order_by("pk"):
        lues.setdefault(fait.personne_id, []).append("Soumise" if fait.soumise else "Non soumise")
    return lues


def _attentes(deux: tuple[int, int]) -> dict[int, list[str]]:
    lues: dict[int, list[str]] = {}
    for attente in AttenteOrientation.objects.filter(personne__in=deux, sortie_le=None).order_by("pk"):
        lues.setdefault(attente.personne_id, []).append(f"Attend depuis le {date_courte(attente.entree_le)}")
    return lues


def _suivis(deux: tuple[int, int]) -> dict[int, list[str]]:
    lues: dict[int, list[str]] = {}
    en_cours = Accompagnement.objects.filter(personne__in=deux, **EN_COURS).select_related("organisme").order_by("pk")
    for suivi in en_cours:
        lues.setdefault(suivi.personne_id, []).append(suivi.organisme.libelle)
    return lues
