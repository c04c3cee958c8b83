"""Proposer des contrats à la signature en nombre : un PDF par personne, et le même travail en un fichier à imprimer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from procrastinate.contrib.django import app

from jalon.agents.models import Agent
from jalon.agents.perimetre import Perimetre
from jalon.contrats.circuit import franchir_ensemble
from jalon.contrats.enums import EtatContrat
from jalon.contrats.models import Contrat
from jalon.contrats.papier import NATURE, Feuille, Papeterie, pour_papier
from jalon.contrats.services import contrats_du_perimetre
from jalon.contrats.signatures import exiger_complet, exiger_libre
from jalon.documents.lots import TrancheARefaireError, creer_lot, executer_lot, remettre_en_file
from jalon.documents.models import LotDocuments
from jalon.documents.services import ADocumenter, enregistrer_documents
from jalon.socle.errors import HorsPerimetreError, JalonError
from jalon.socle.textes import nom_propre
from jalon.traces.services import tracer

DROIT: Final = "contrat.rediger"
TACHE: Final = "contrats.imprimer"


@transaction.atomic
def produire_lot(
    contrats: QuerySet[Contrat], *, acteur: Agent, perimetre: Perimetre, jour: date | None = None
) -> LotDocuments:
    """Demande que ces brouillons soient proposés à la signature et imprimés, dans l'ordre des noms.

    Un travail de fond les produit ; ceux qui ne sont pas complets sont laissés de côté, avec ce qui leur manque. Lève
    `JalonError` s'il n'y a rien à produire, `DroitManquantError`.
    """
    perimetre.exiger(DROIT)
    jour = jour or timezone.localdate()
    cles = list(
        contrats_du_perimetre(perimetre)
        .filter(pk__in=contrats.order_by().values("pk"), etat=EtatContrat.BROUILLON, reference_seule=False)
        .order_by("organisme_id", "personne__nom", "personne__prenom", "pk")
        .values_list("pk", flat=True)
    )
    if not cles:
        raise JalonError("Aucun contrat à imprimer : choisissez des contrats encore en écriture.")
    s = "s" if len(cles) > 1 else ""
    lot = creer_lot(
        acteur=acteur, nature=NATURE, titre=f"{len(cles)} contrat{s} à signer du {jour:%d/%m/%Y}", objets=cles,
        ecartes=[], jour=jour,
    )  # fmt: skip
    tracer(
        "contrats.lot.demande", lot, acteur=acteur, organisme=perimetre.organisme_principal,
        donnees={"nombre": len(cles)}, resume=f"{lot.titre} demandé{s}",
    )  # fmt: skip
    identifiant = str(lot.public_id)
    transaction.on_commit(lambda: app.configure_task(TACHE).defer(identifiant=identifiant))
    return lot


@transaction.atomic
def reprendre_lot(lot: LotDocuments, *, acteur: Agent, perimetre: Perimetre) -> LotDocuments:
    """Remet en file un lot coupé ; ce qui est fait n'est pas refait. Lève `TransitionRefuseeError`."""
    perimetre.exiger(DROIT)
    lot = remettre_en_file(lot)
    tracer(
        "contrats.lot.repris", lot, acteur=acteur, organisme=perimetre.organisme_principal,
        resume=f"{lot.titre} : production reprise",
    )  # fmt: skip
    identifiant = str(lot.public_id)
    transaction.on_commit(lambda: app.configure_task(TACHE).defer(identifiant=identifiant))
    return lot


def derniers_lots(acteur: Agent, nombre: int = 5) -> list[LotDocuments]:
    """Les derniers lots de contrats que cet agent a demandés."""
    lots = LotDocuments.objects.filter(nature=NATURE, demande_par=acteur)
    return list(lots.order_by("-demande_le", "-pk")[:nombre])


def acceder_lot(perimetre: Perimetre, public_id: UUID) -> LotDocuments:
    """Un lot de contrats, pour qui l'a demandé. Lève `DroitManquantError` ou `HorsPerimetreError`."""
    perimetre.exiger(DROIT)
    lot = (
        LotDocuments.objects.filter(nature=NATURE, demande_par=perimetre.agent, public_id=public_id)
        .select_related("planche", "demande_par")
        .first()
    )
    if lot is None:
        raise HorsPerimetreError("Ce lot n'existe pas, ou un collègue l'a demandé : partez de la liste des contrats.")
    return lot


def executer(identifiant: UUID) -> None:
    """Le travail de fond d'un lot, avec les droits du propriétaire."""
    lot = LotDocuments.objects.select_related("demande_par").filter(public_id=identifiant, nature=NATURE).first()
    if lot is not None:
        executer_lot(lot, FabriqueContrats(lot))


class FabriqueContrats:
    """Ce que la production en nombre demande aux contrats : les feuilles d'une tranche, puis leur mise au dossier."""

    def __init__(self, lot: LotDocuments) -> None:
        self.lot = lot
        self.papeterie = Papeterie(lot.date_courrier)

    @cached_property
    def papier(self) -> dict[str, Any]:
        return self.papeterie.papier

    def preparer(self, objets: Sequence[int]) -> list[Feuille]:
        brouillons = pour_papier(Contrat.objects.filter(pk__in=objets, etat=EtatContrat.BROUILLON))
        lus = {contrat.pk: contrat for contrat in brouillons.order_by("pk")}
        couvertes = _deja_couvertes(lus.values())
        feuilles = []
        for cle in objets:
            contrat = lus.get(cle)
            if contrat is None:
                continue
            debut = max(contrat.debut or self.lot.date_courrier, contrat.ouvert_le)
            duree = contrat.duree or contrat.type.duree_habituelle
            try:
                if self.papeterie.manque(contrat):
                    exiger_complet(contrat, debut, duree)
                elif contrat.personne_id in couvertes:
                    exiger_libre(contrat, debut, duree)
            except JalonError as refus:
                self._ecarter(contrat, str(refus))
                continue
            feuilles.append(self.papeterie.feuille(contrat, debut=debut, duree=duree))
        return feuilles

    def _ecarter(self, contrat: Contrat, raison: str) -> None:
        personne = contrat.personne
        ecart = {
            "personne": str(personne.public_id), "contrat": str(contrat.public_id), "raison": raison,
            "nom": f"{nom_propre(personne.prenom)} {nom_propre(personne.nom)}",
        }  # fmt: skip
        if ecart not in self.lot.ecartes:
            self.lot.ecartes.append(ecart)
            self.lot.save(update_fields=["ecartes"])

    def ecrire(self, preparees: Sequence[Feuille], pdf: Sequence[bytes]) -> None:
        if not preparees:
            return
        acteur = self.lot.demande_par
        lus = {feuille.contrat.pk: feuille.contrat.modifie_le for feuille in preparees}
        tenus = {
            c.pk: c
            for c in Contrat.objects.select_for_update(of=("self",))
            .filter(pk__in=lus)
            .select_related("personne", "type")
            .order_by("pk")
        }
        if any(tenus[cle].etat != EtatContrat.BROUILLON or tenus[cle].modifie_le != le for cle, le in lus.items()):
            raise TrancheARefaireError
        documents = enregistrer_documents(
            [
                ADocumenter(octets, NATURE, feuille.titre, personne=feuille.contrat.personne.public_id)
                for feuille, octets in zip(preparees, pdf, strict=True)
            ],
            acteur=acteur,
        )
        contrats = []
        for feuille, document in zip(preparees, documents, strict=True):
            contrat = tenus[feuille.contrat.pk]
            contrat.document, contrat.propose_le = document, self.lot.date_courrier
            contrat.debut, contrat.duree = feuille.debut, feuille.duree
            contrats.append(contrat)
        s = "s" if len(contrats) > 1 else ""
        franchir_ensemble(
            contrats, "proposer_signature", acteur=acteur, objet=self.lot, le=self.lot.date_courrier,
            champs=("document", "propose_le", "debut", "duree"),
            resume=f"{len(contrats)} contrat{s} proposé{s} à la signature, en nombre",
        )  # fmt: skip

    def completer(self) -> Iterable[Any]:
        return ()

    def conclure(self, complements: Sequence[Any], pdf: Sequence[bytes]) -> None:
        """Le lot n'a pas d'autre papier que ses contrats."""


def _deja_couvertes(contrats: Iterable[Contrat]) -> set[int]:
    """Personnes qui ont ou ont eu un contrat : pour elles seules, ses dates sont à comparer."""
    autres = Contrat.objects.filter(
        personne_id__in=[contrat.personne_id for contrat in contrats], reference_seule=False, periode__isnull=False
    )
    return set(autres.order_by().values_list("personne_id", flat=True))
