"""Installer, changer et restaurer le texte d'un courrier ; garder un document produit."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID

from django.db import connection, models, transaction
from psycopg import Cursor

from jalon.documents.caracteres import inconnus
from jalon.documents.models import ContenuDocument, Document, ModeleCourrier, VersionModele
from jalon.referentiels.profil import Profil
from jalon.referentiels.profil.courriers import UsageCourrier, controler_texte
from jalon.socle.errors import JalonError, TransitionRefuseeError
from jalon.traces.services import tracer

DROIT_TEXTES = "courriers.gerer"


class Habilite(Protocol):
    """Ce qu'un acte demande au périmètre, dont la pièce est plus haute."""

    @property
    def organisme_principal(self) -> str: ...

    def exiger(self, droit: str) -> None: ...


# --- Textes


class TexteRefuseError(JalonError):
    """Le texte ne peut pas être publié ; `fautes` les dit toutes, avec leur ligne."""

    def __init__(self, fautes: Sequence[str]) -> None:
        self.fautes = tuple(fautes)
        super().__init__(f"Ce texte ne peut pas être publié : {' ; '.join(self.fautes)}.")


class VersionDepasseeError(TransitionRefuseeError):
    """Un collègue a publié entre-temps ; `derniere` est son texte, à relire avant d'écraser."""

    def __init__(self, derniere: VersionModele) -> None:
        self.derniere = derniere
        par = f" par {derniere.auteur}" if derniere.auteur is not None else ""
        super().__init__(
            f"Une version {derniere.numero} de ce courrier a été publiée{par} pendant que vous écriviez. Votre texte est "
            "gardé ci-dessous : comparez-le au sien, puis publiez à nouveau."
        )


@transaction.atomic
def installer_courriers(profil: Profil) -> int:
    """Pose les textes du profil ; rend le nombre de versions ajoutées. Rejouable.

    Un texte que le département a changé reste le sien. Un texte qu'il n'a jamais touché suit le profil, en une
    version de plus : les lettres déjà parties gardent la leur.
    """
    ajoutees = 0
    for courrier in profil.courriers.courriers:
        modele, _ = ModeleCourrier.objects.update_or_create(
            code=courrier.code, defaults={"libelle": courrier.libelle, "usage": str(courrier.usage)}
        )
        derniere = modele.versions.order_by("-numero").first()
        corps = courrier.corps.strip()
        if derniere is not None and (
            not derniere.du_profil or (derniere.objet, derniere.corps) == (courrier.objet, corps)
        ):
            continue
        VersionModele.objects.create(
            modele=modele, numero=derniere.numero + 1 if derniere else 1, objet=courrier.objet, corps=corps,
            note="Texte du profil",
        )  # fmt: skip
        ajoutees += 1
    return ajoutees


def fautes_du_texte(usage: str, objet: str, corps: str) -> list[str]:
    """Tout ce qui empêche de publier ce texte, avec la ligne ; liste vide s'il est bon."""
    fautes = controler_texte(UsageCourrier(usage), objet, corps)
    for rang, ligne in enumerate([objet, *corps.splitlines()]):
        signes = inconnus(ligne)
        if signes:
            ou = f"ligne {rang}" if rang else "objet"
            fautes.append(f"{ou} : la police des lettres ne connaît pas « {' '.join(signes)} »")
    return fautes


@transaction.atomic
def publier_version(
    modele: ModeleCourrier,
    *,
    acteur: models.Model,
    perimetre: Habilite,
    objet: str,
    corps: str,
    numero_lu: int,
    note: str = "",
) -> VersionModele:
    """Publie un nouveau texte. `numero_lu` est la version que l'agent avait sous les yeux.

    Lève `TexteRefuseError`, `VersionDepasseeError` (un collègue a publié entre-temps), `DroitManquantError`.
    """
    perimetre.exiger(DROIT_TEXTES)
    modele = ModeleCourrier.objects.select_for_update(of=("self",)).get(pk=modele.pk)
    derniere = modele.versions.select_related("auteur").order_by("-numero").first()
    objet, corps = objet.strip(), _lignes_propres(corps)
    if derniere is not None and derniere.numero != numero_lu:
        raise VersionDepasseeError(derniere)
    fautes = fautes_du_texte(modele.usage, objet, corps)
    if fautes:
        raise TexteRefuseError(fautes)
    if derniere is not None and (derniere.objet, derniere.corps) == (objet, corps):
        raise TransitionRefuseeError("Ce texte est déjà celui des lettres : rien n'a été publié.")
    version = VersionModele.objects.create(
        modele=modele, numero=numero_lu + 1, objet=objet, corps=corps, auteur_id=acteur.pk, note=note.strip()
    )
    tracer(
        "documents.courrier.publie", modele, acteur=acteur, organisme=perimetre.organisme_principal,
        de=str(numero_lu), vers=str(version.numero), motif=note.strip(),
        resume=f"« {modele.libelle} » : texte n° {version.numero} publié"[:300],
    )  # fmt: skip
    return version


def restaurer_version(
    version: VersionModele, *, acteur: models.Model, perimetre: Habilite, numero_lu: int
) -> VersionModele:
    """Publie à nouveau un texte ancien, en une version de plus. Mêmes refus que `publier_version`."""
    return publier_version(
        version.modele, acteur=acteur, perimetre=perimetre, objet=version.objet, corps=version.corps,
        numero_lu=numero_lu, note=f"Retour au texte n° {version.numero}",
    )  # fmt: skip


def _lignes_propres(corps: str) -> str:
    return "\n".join(ligne.strip() for ligne in corps.splitlines()).strip()


# --- Documents


@dataclass(frozen=True)
class ADocumenter:
    """Un fichier à garder, et ce qu'on en sait."""

    octets: bytes
    nature: str
    titre: str
    personne: UUID | None = None
    organisme: UUID | None = None
    version: VersionModele | None = None
    type_mime: str = "application/pdf"


def enregistrer_document(
    octets: bytes, *, acteur: models.Model | None, nature: str, titre: str, **champs: Any
) -> Document:
    """Garde un fichier dans la base, avec son empreinte. `champs` : voir `ADocumenter`."""
    return enregistrer_documents([ADocumenter(octets, nature, titre, **champs)], acteur=acteur)[0]


@transaction.atomic
def enregistrer_documents(fichiers: Sequence[ADocumenter], *, acteur: models.Model | None) -> list[Document]:
    """Garde plusieurs fichiers en deux écritures ; rend les documents dans le même ordre."""
    documents = Document.objects.bulk_create(
        Document(
            nature=f.nature, titre=f.titre[:200], type_mime=f.type_mime, taille=len(f.octets),
            sha256=hashlib.sha256(f.octets).hexdigest(), personne=f.personne, organisme=f.organisme,
            version_modele=f.version, cree_par_id=acteur.pk if acteur is not None else None,
        )
        for f in fichiers
    )  # fmt: skip
    # Liés par le serveur et en binaire : passés par Django, les octets seraient écrits deux fois plus longs, en texte.
    with Cursor(connection.connection) as curseur:
        curseur.execute(
            "insert into documents_contenudocument (document_id, octets) "
            "select * from unnest(%s::bigint[], %b::bytea[])",
            [[document.pk for document in documents], [fichier.octets for fichier in fichiers]],
        )
    return documents


def lire_document(document: Document) -> bytes:
    """Les octets d'un document déjà obtenu par un chargeur ; l'empreinte est vérifiée. Lève `JalonError`."""
    octets = bytes(ContenuDocument.objects.values_list("octets", flat=True).get(document=document))
    if hashlib.sha256(octets).hexdigest() != document.sha256:
        raise JalonError(
            "Ce fichier n'est plus celui qui a été produit : ne l'envoyez pas et prévenez l'administrateur de Jalon."
        )
    return octets
