"""Ce que partagent les essais d'import : déposer un flux, exécuter le travail dans la transaction de l'essai."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from procrastinate.contrib.django.models import ProcrastinateJob

from jalon.echanges import imports
from jalon.echanges.models import Import
from tests.echanges.flux_caf.fabrique import adresse, flux_xml, foyer, personne


class ConnexionDeLEssai:
    """Tient lieu de connexion à part : la transaction de l'essai est invisible d'une vraie seconde connexion."""

    def cursor(self) -> Any:
        return connection.cursor()

    def close(self) -> None:
        pass


def un_flux(nombre: int = 2, *, illisibles: int = 0, commune: str = "62041", debut: int = 1, **options: Any) -> bytes:
    foyers = [
        foyer(
            f"{debut + n:011d}", adresses=[adresse(commune=commune)],
            personnes=[personne(nom=f"NOM{debut + n:03d}", prenom=f"PRENOM{debut + n:03d}")],
        )
        for n in range(nombre)
    ]  # fmt: skip
    foyers += [foyer(f"{90_000 + debut + n:011d}", DTDEMRSA="2026-13-45") for n in range(illisibles)]
    return flux_xml(foyers, **options)


def deposer(client: Any, contenu: bytes, *, nom: str = "flux.xml", simulation: bool = False) -> Any:
    champs = {"fichier": SimpleUploadedFile(nom, contenu), **({"simulation": "on"} if simulation else {})}
    return client.post("/imports/deposer/", champs)


def executer(import_: Import) -> Import:
    imports.executer_import(import_.public_id)
    import_.refresh_from_db()
    return import_


def travaux(tache: str) -> list[dict[str, Any]]:
    """Arguments des travaux en file de cette tâche."""
    return list(
        ProcrastinateJob.objects.filter(task_name=tache, status="todo").order_by("id").values_list("args", flat=True)
    )
