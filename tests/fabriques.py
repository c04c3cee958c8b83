"""Fabriques de données d'essai, avec des traits."""

from __future__ import annotations

from datetime import date
from typing import Any

import factory
from dateutil.relativedelta import relativedelta
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.models import Accompagnement
from jalon.contrats.models import Contrat, Etape, Objectif, TypeContrat
from jalon.documents.models import ContenuDocument, Document
from jalon.droits.models import DemandeInstruction, DossierRsa, EtatDossier, Situation, Soumission
from jalon.organismes.models import CategorieOrganisme
from jalon.orientations.models import AttenteOrientation, DecisionOrientation, MotifEntree, TypeOrientation
from jalon.personnes.identite import cles_identite
from jalon.personnes.models import Adresse, Foyer, Personne, Rattachement, RolePersonne, Sexe

DEPUIS = date(2026, 9, 30)
EN_COURS = DateRange(DEPUIS, None)


class FoyerFactory(factory.django.DjangoModelFactory[Foyer]):
    class Meta:
        model = Foyer


class PersonneFactory(factory.django.DjangoModelFactory[Personne]):
    """Une personne sans NIR ; les clés de recherche suivent les noms donnés."""

    class Meta:
        model = Personne

    civilite = "MME"
    nom = factory.Sequence(lambda n: f"NOM{n}")
    nom_naissance = factory.SelfAttribute("nom")
    prenom = factory.Sequence(lambda n: f"PRENOM{n}")
    prenom2 = ""
    prenom3 = ""
    date_naissance = date(1985, 4, 12)
    sexe = Sexe.FEMME
    identite_depuis = DEPUIS

    @classmethod
    def _create(cls, model_class: type[Personne], *args: Any, **champs: Any) -> Personne:
        champs = {
            **cles_identite(
                champs["nom"], champs["nom_naissance"], champs["prenom"], champs["prenom2"], champs["prenom3"]
            ),
            **champs,
        }
        return super()._create(model_class, *args, **champs)


class DossierRsaFactory(factory.django.DjangoModelFactory[DossierRsa]):
    class Meta:
        model = DossierRsa

    foyer = factory.SubFactory(FoyerFactory)
    numero_demande = factory.Sequence(lambda n: f"{n:011d}")
    matricule = factory.Sequence(lambda n: f"{1_000_000 + n}")
    caisse_regime = "CAF"
    caisse_numero = "621"
    date_demande = date(2025, 1, 12)
    empreinte = b"\0" * 16


def une_allocataire(
    *,
    territoire: Any = None,
    dossier: DossierRsa | None = None,
    soumise: bool = True,
    etat: str = EtatDossier.OUVERT,
    role: str = RolePersonne.DEMANDEUR,
    en_attente: bool = False,
    accompagnee_par: Any = None,
    **champs: Any,
) -> Personne:
    """Personne rattachée à un foyer, avec un dossier, une soumission, et au besoin une attente ou un suivi."""
    personne = PersonneFactory(territoire=territoire, **champs)
    if dossier is None:
        dossier = DossierRsaFactory(foyer__territoire=territoire)
        Situation.objects.create(dossier=dossier, etat=etat, periode=EN_COURS)
    Rattachement.objects.create(foyer=dossier.foyer, personne=personne, role=role, periode=EN_COURS)
    Soumission.objects.create(dossier=dossier, personne=personne, soumise=soumise, periode=EN_COURS)
    if en_attente:
        AttenteOrientation.objects.create(
            personne=personne, dossier=dossier, motif=MotifEntree.NOUVEL_ENTRANT, territoire=territoire,
            entree_le=DEPUIS, echeance=date(2026, 11, 30),
        )  # fmt: skip
    if accompagnee_par is not None:
        Accompagnement.objects.create(
            personne=personne, organisme=accompagnee_par, territoire=territoire, periode=EN_COURS
        )
    return personne


def une_demande(distribution: Any, *, personne: Personne | None = None, **champs: Any) -> DemandeInstruction:
    """Demande déposée au CCAS par une personne de `distribution.territoire` ; l'identité peut être donnée."""
    depot = champs.pop("depot_le", DEPUIS)
    territoire = champs.pop("territoire", distribution.territoire)
    return DemandeInstruction.objects.create(
        personne=personne or PersonneFactory(territoire=territoire),
        organisme=champs.pop("organisme", None) or distribution.organisme(CategorieOrganisme.CCAS),
        recue_par=champs.pop("recue_par", None) or distribution.siege, depot_le=depot,
        echeance=champs.pop("echeance", depot + relativedelta(months=2)), **champs,
    )  # fmt: skip


def une_adresse(personne: Personne, **champs: Any) -> Adresse:
    """Adresse reçue pour le foyer actuel de la personne."""
    defauts = {
        "rang": 1, "numero": "12", "type_voie": "RUE", "voie": "DES LILAS", "code_postal": "62000",
        "nom_commune": "Arras", "periode": EN_COURS,
    }  # fmt: skip
    return Adresse.objects.create(foyer=personne.rattachements.get().foyer, **(defauts | champs))


def une_decision(distribution: Any, *, adresse: dict[str, Any] | None = None, **champs: Any) -> DecisionOrientation:
    """Orientation sociale vers le CCAS, décidée le 2 novembre ; `adresse=None` garde celle de la fabrique."""
    decision = {
        cle: champs.pop(cle) for cle in list(champs) if cle in {f.name for f in DecisionOrientation._meta.fields}
    }
    personne = decision.pop("personne", None) or une_allocataire(territoire=distribution.territoire, **champs)
    if adresse != {}:
        une_adresse(personne, **(adresse or {}))
    sociales = TypeOrientation.objects.filter(sphere="sociale").order_by("ordre", "pk")
    type_orientation = decision.pop("type", None) or sociales[0]
    defauts = {
        "type": type_orientation, "organisme": distribution.organisme(CategorieOrganisme.CCAS),
        "territoire": personne.territoire, "origine": "directe", "decidee_le": date(2026, 11, 2),
        "decidee_par": distribution.siege, "periode": DateRange(date(2026, 11, 2), None),
    }  # fmt: skip
    return DecisionOrientation.objects.create(personne=personne, **(defauts | decision))


# --- Contrats


class ObjectifFactory(factory.django.DjangoModelFactory[Objectif]):
    """Un objectif en cours ; donnez `contrat`."""

    class Meta:
        model = Objectif

    intitule = factory.Sequence(lambda n: f"Objectif {n}")
    etat = "en_cours"
    rang = factory.Sequence(lambda n: n)


class EtapeFactory(factory.django.DjangoModelFactory[Etape]):
    """Une étape à faire ; donnez `objectif`."""

    class Meta:
        model = Etape

    intitule = factory.Sequence(lambda n: f"Étape {n}")
    rang = factory.Sequence(lambda n: n)


def un_contrat(
    distribution: Any,
    *,
    personne: Personne | None = None,
    type: str = "cer_solidarite",
    etat: str = "en_vigueur",
    debut: date = date(2026, 6, 1),
    duree: int = 6,
    **champs: Any,
) -> Contrat:
    """Contrat de l'état demandé, signé et validé s'il le faut ; sa personne est suivie par l'organisme du contrat."""
    le_type = TypeContrat.objects.get(code=type)
    organisme = champs.pop("organisme", None) or distribution.organisme(CategorieOrganisme.CCAS)
    if personne is None:
        personne = une_allocataire(territoire=distribution.territoire, accompagnee_par=organisme)
    version = None if le_type.reference_seule else le_type.versions.order_by("-numero")[0]
    defauts: dict[str, Any] = {
        "organisme": organisme, "referent": distribution.partenaire, "territoire": personne.territoire,
        "version": version, "reference_seule": le_type.reference_seule, "ouvert_le": debut - relativedelta(days=20),
        "ouvert_par": distribution.partenaire, "duree": duree,
    }  # fmt: skip
    if etat not in ("brouillon", "abandonne"):
        defauts |= {"debut": debut, "propose_le": debut - relativedelta(days=12)}
    if etat not in ("brouillon", "abandonne"):
        document = Document.objects.create(
            nature="contrat", titre="Contrat", taille=4, sha256="0" * 64, personne=personne.public_id
        )
        ContenuDocument.objects.create(document=document, octets=b"%PDF")
        defauts["document"] = document
    if etat in ("signe", "recu", "en_lecture", "renvoye", "en_vigueur", "bilan", "renouvele", "termine", "rompu"):
        defauts["signe_le"] = debut - relativedelta(days=10)
    if etat in ("recu", "en_lecture", "renvoye", "en_vigueur", "bilan", "renouvele", "termine", "rompu"):
        defauts["recu_le"] = debut - relativedelta(days=8)
    if etat in ("en_vigueur", "bilan", "renouvele", "termine", "rompu"):
        fin = debut + relativedelta(months=duree)
        defauts |= {
            "valide_le": debut - relativedelta(days=2), "valide_par": distribution.siege,
            "periode": DateRange(debut, fin),
        }  # fmt: skip
    if etat in ("renouvele", "termine", "rompu", "abandonne"):
        defauts |= {"clos_le": debut, "motif_fin": "Motif d'essai"}
    return Contrat.objects.create(personne=personne, type=le_type, etat=etat, **(defauts | champs))
