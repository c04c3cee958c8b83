"""Poser les contrats du profil, sans récrire une rédaction dans laquelle un contrat est déjà écrit."""

from __future__ import annotations

from django.db import transaction

from jalon.contrats.models import (
    ChampContrat,
    ChoixChamp,
    CircuitContrat,
    Contrat,
    SectionContrat,
    ThemeContrat,
    TransitionContrat,
    TypeContrat,
    VersionContrat,
)
from jalon.referentiels.profil import Profil
from jalon.referentiels.profil.contrats import TypeContrat as TypeDuProfil
from jalon.socle.errors import JalonError


@transaction.atomic
def installer_contrats(profil: Profil) -> None:
    """Pose thèmes, circuits, types et rédactions. Rejouable sans effet.

    Une rédaction employée ne change plus : en changer lève `JalonError` et demande une version de plus.
    """
    donnees = profil.contrats
    for rang, theme in enumerate(donnees.themes):
        ThemeContrat.objects.update_or_create(
            code=theme.code,
            defaults={"libelle": theme.libelle, "freins": list(theme.freins), "ordre": rang, "actif": True},
        )
    ThemeContrat.objects.exclude(code__in=[t.code for t in donnees.themes]).update(actif=False)
    circuits = {}
    for decrit in donnees.circuits:
        circuit, _ = CircuitContrat.objects.update_or_create(code=decrit.code, defaults={"libelle": decrit.libelle})
        circuits[decrit.code] = circuit
        posees = []
        for rang, pas in enumerate(decrit.transitions):
            transition, _ = TransitionContrat.objects.update_or_create(
                circuit=circuit, acte=str(pas.acte), de=str(pas.de),
                defaults={"vers": str(pas.vers), "droit": str(pas.droit), "libelle": pas.libelle,
                          "motif_exige": pas.motif, "ordre": rang},
            )  # fmt: skip
            posees.append(transition.pk)
        circuit.transitions.exclude(pk__in=posees).delete()
    for rang, donnee in enumerate(donnees.types):
        type_, _ = TypeContrat.objects.update_or_create(
            code=donnee.code,
            defaults={
                "libelle": donnee.libelle, "famille": str(donnee.famille), "mot": donnee.mot,
                "description": donnee.description, "circuit": circuits[donnee.circuit],
                "duree_minimum": donnee.duree.minimum, "duree_maximum": donnee.duree.maximum,
                "duree_habituelle": donnee.duree.habituelle, "renouvellements": donnee.renouvellements,
                "tacite": donnee.tacite, "bilan_intermediaire": donnee.bilan_intermediaire,
                "offres_raisonnables": donnee.offres_raisonnables, "reference_seule": donnee.reference_seule,
                "hors_allocation": donnee.hors_allocation, "delai_validation": donnee.delai_validation,
                "depuis": donnee.depuis, "jusqu_au": donnee.jusqu_au, "source": donnee.source, "ordre": rang,
                "actif": True,
            },
        )  # fmt: skip
        if not donnee.reference_seule:
            _poser_version(type_, donnee)
    TypeContrat.objects.exclude(code__in=[t.code for t in donnees.types]).update(actif=False)


def _poser_version(type_: TypeContrat, donnee: TypeDuProfil) -> None:
    version = VersionContrat.objects.filter(type=type_, numero=donnee.version).first()
    if version is not None:
        if _redaction(version) == _redaction_du_profil(donnee):
            return
        if Contrat.objects.filter(version=version).exists():
            raise JalonError(
                f"La version {donnee.version} de « {donnee.libelle} » a déjà servi : ses rubriques ne changent plus. "
                f"Remettez contrats.yaml comme il était, et passez à la version {donnee.version + 1} avec sa date."
            )
        version.delete()
    version = VersionContrat.objects.create(type=type_, numero=donnee.version, depuis=donnee.depuis)
    for rang, decrite in enumerate(donnee.sections):
        section = SectionContrat.objects.create(
            version=version, code=decrite.code, titre=decrite.titre, aide=decrite.aide, rang=rang
        )
        for place, decrit in enumerate(decrite.champs):
            champ = ChampContrat.objects.create(
                section=section, code=decrit.code, libelle=decrit.libelle, aide=decrit.aide, type=str(decrit.type),
                obligatoire=decrit.obligatoire, par_la_personne=decrit.par_la_personne,
                questions=list(decrit.questions), rang=place,
            )  # fmt: skip
            ChoixChamp.objects.bulk_create(
                ChoixChamp(champ=champ, code=choix.code, libelle=choix.libelle, rang=n)
                for n, choix in enumerate(decrit.choix)
            )


def _redaction(version: VersionContrat) -> list[object]:
    """Ce qui ne peut plus changer : sections et rubriques dans l'ordre, avec leurs mots."""
    return [
        (
            section.code, section.titre, section.aide,
            [
                (c.code, c.libelle, c.aide, c.type, c.obligatoire, c.par_la_personne, list(c.questions),
                 [(o.code, o.libelle) for o in sorted(c.choix.all(), key=lambda o: o.rang)])
                for c in sorted(section.champs.all(), key=lambda c: c.rang)
            ],
        )
        for section in version.sections.order_by("rang").prefetch_related("champs__choix")
    ]  # fmt: skip


def _redaction_du_profil(donnee: TypeDuProfil) -> list[object]:
    return [
        (
            section.code, section.titre, section.aide,
            [
                (c.code, c.libelle, c.aide, str(c.type), c.obligatoire, c.par_la_personne, list(c.questions),
                 [(o.code, o.libelle) for o in c.choix])
                for c in section.champs
            ],
        )
        for section in donnee.sections
    ]  # fmt: skip
