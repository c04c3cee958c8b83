"""Le département de démonstration : fictif, calibré sur les chiffres publiés, importé par la même porte qu'un vrai."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from jalon.accompagnements.models import Accompagnement
from jalon.agents.models import Affectation
from jalon.cli.demonstration_parcours import peupler_manquements, peupler_parcours, peupler_suivis
from jalon.cli.installation import creer_comptes_demonstration, lire_profil
from jalon.echanges.demonstration import (
    CommuneDemo,
    ContexteDemo,
    TerritoireDemo,
    ecrire_mois_initial,
    ecrire_mois_suivant,
)
from jalon.echanges.flux_caf.erreurs import FluxRefuseError
from jalon.echanges.services import importer_flux
from jalon.observatoire.cliches import prendre_cliche
from jalon.organismes.models import CategorieOrganisme, Organisme
from jalon.personnes.models import Personne
from jalon.referentiels.communes import ReferentielCommunes
from jalon.referentiels.profil import Profil

PREMIER_MOIS: Final = date(2026, 9, 30)
SECOND_MOIS: Final = date(2026, 10, 31)
ACCOMPAGNES_PAR_ORGANISME: Final = 60
"""Sans accompagnement, un partenaire ne verrait personne : la démonstration en crée, et le dit."""


def contexte(profil: Profil, communes: ReferentielCommunes) -> ContexteDemo:
    """Traduit un profil en données de génération."""
    poids = {p.territoire: float(p.poids) for p in profil.demonstration.territoires}
    territoires = []
    for territoire in profil.territoires_feuilles:
        codes = sorted(c for c, t in profil.territoire_par_commune.items() if t == territoire.code)
        territoires.append(
            TerritoireDemo(
                code=territoire.code,
                libelle=territoire.libelle,
                poids=poids[territoire.code],
                communes=tuple(
                    CommuneDemo(
                        c,
                        communes.communes[c].nom,
                        communes.communes[c].codes_postaux,
                        communes.communes[c].population or 1,
                    )
                    for c in codes
                ),
            )
        )
    return ContexteDemo(
        code_departement=profil.identite.departements[0],
        territoires=tuple(territoires),
        caisses=tuple((c.fonorg, c.numorg, c.part / 100) for c in profil.demonstration.caisses),
        montant_forfaitaire=profil.nombre("droits.montant_forfaitaire", PREMIER_MOIS),
        seuil_activite=profil.nombre("droits.seuil_activite_mensuel", PREMIER_MOIS),
    )


def preparer(
    code: str,
    *,
    taille: int,
    graine: int,
    dire: Callable[[str], None],
    avancement: Callable[[str, int], None],
    charger: Callable[[str], Profil],
) -> list[tuple[str, str]]:
    """Prépare tout ce qui manque et rend les comptes `(courriel, rôle)`. Rejouable après une interruption."""
    profil = charger(code)
    comptes = creer_comptes_demonstration(profil)
    _, communes = lire_profil(code)
    for chemin in ecrire_fichiers(profil, communes, taille=taille, graine=graine, dire=dire, avancement=avancement):
        try:
            dire(f"Import de {chemin.name}…")
            importer_flux(chemin, progression=avancement)
        except FluxRefuseError as refus:
            if refus.code != "deja_importe":
                raise
            dire("  déjà importé")
    accompagner()
    peupler_parcours(profil, graine=graine, dire=dire)
    peupler_suivis(profil, graine=graine, dire=dire)
    peupler_manquements(profil, graine=graine, dire=dire)
    dire("Chiffres de l'observatoire…")
    for jour in (PREMIER_MOIS, SECOND_MOIS):
        prendre_cliche(jour)
    roles = dict(
        Affectation.objects.filter(agent__in=comptes).order_by("id").values_list("agent_id", "profil__libelle")
    )
    return [(compte.email, roles.get(compte.pk, "")) for compte in comptes]


def ecrire_fichiers(
    profil: Profil,
    communes: ReferentielCommunes,
    *,
    taille: int,
    graine: int,
    dire: Callable[[str], None],
    avancement: Callable[[str, int], None],
) -> list[Path]:
    """Écrit les deux mois s'ils ne le sont pas déjà."""
    dossier = settings.DONNEES / "demonstration" / f"{profil.code}-{taille}-{graine}"
    dossier.mkdir(parents=True, exist_ok=True)
    donnees = contexte(profil, communes)
    fichiers = []
    for nom, ecrire in (("mois-1.xml", ecrire_mois_initial), ("mois-2.xml", ecrire_mois_suivant)):
        chemin = dossier / nom
        if not chemin.exists():
            dire(f"Population fictive de {taille} foyers : {nom}…")
            ecrire(
                chemin, donnees, taille=taille, graine=graine, date_reference=PREMIER_MOIS,
                progression=lambda fait, total: avancement("Écriture du fichier", 100 * fait // max(total, 1)),
            )  # fmt: skip
        fichiers.append(chemin)
    return fichiers


@transaction.atomic
def accompagner() -> None:
    """Confie quelques personnes de leur territoire à chaque partenaire de la démonstration."""
    if Accompagnement.objects.exists():
        return
    exclues = (CategorieOrganisme.DEPARTEMENT, CategorieOrganisme.CAF, CategorieOrganisme.MSA)
    suivis: list[Accompagnement] = []
    for organisme in (
        Organisme.objects.exclude(type__categorie__in=exclues).order_by("id").prefetch_related("territoires")
    ):
        territoires = list(organisme.territoires.all())
        personnes = (
            Personne.objects.filter(
                attentes_orientation__sortie_le=None, attentes_orientation__isnull=False,
                territoire__in=territoires,
            )
            .exclude(pk__in=[suivi.personne_id for suivi in suivis])
            .order_by("public_id")[:ACCOMPAGNES_PAR_ORGANISME]
        )  # fmt: skip
        suivis += [
            Accompagnement(
                personne=personne, organisme=organisme, territoire_id=personne.territoire_id,
                periode=DateRange(PREMIER_MOIS, None),
            )
            for personne in personnes
        ]  # fmt: skip
    Accompagnement.objects.bulk_create(suivis, batch_size=2_000)
