"""Le rapport d'import en sections, chiffres et anomalies : la même composition pour l'écran et pour le PDF."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse

from jalon.agents.perimetre import Perimetre
from jalon.echanges.anomalies import Anomalie, expliquer
from jalon.echanges.listes import RUBRIQUES
from jalon.echanges.models import Flux
from jalon.referentiels.parametres import mot, profil
from jalon.web.socle.theme import COULEUR_PAR_DEFAUT
from jalon.web.templatetags.jalon import date_heure, date_longue, nombre


@dataclass(frozen=True, slots=True)
class Chiffre:
    libelle: str
    valeur: int
    url: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    titre: str
    chiffres: list[Chiffre]


@dataclass(frozen=True, slots=True)
class LigneAnomalie:
    code: str
    nombre: int
    explication: Anomalie
    url: str


def _majuscule(texte: str) -> str:
    return texte[:1].upper() + texte[1:]


def sections(rapport: dict[str, Any], flux: Flux | None, perimetre: Perimetre) -> list[Section]:
    """Chaque nombre ouvre sa liste, si l'agent peut lire des dossiers ; une simulation n'en a pas."""
    ouvre = flux is not None and perimetre.peut("dossier.consulter")

    def chiffre(rubrique: str, detail: str = "") -> Chiffre:
        connue = RUBRIQUES[rubrique]
        bloc, cle = connue.chemin
        valeur = rapport[bloc][cle]
        url = reverse("flux_liste", args=[flux.public_id, rubrique]) if ouvre and valeur and flux else ""
        return Chiffre(connue.titre, valeur, url, detail)

    foyers, personnes, soumis = rapport["foyers"], rapport["personnes"], rapport["soumis_droits_devoirs"]
    quarantaine = ""
    if flux is not None and foyers["quarantaine"] and perimetre.peut("quarantaine.traiter"):
        quarantaine = f"{reverse('quarantaine')}?flux={flux.public_id}&etat=tous"
    annonces = rapport["totaux"]["annonces"]
    return [
        Section(
            _majuscule(mot("foyer").pluriel),
            [
                chiffre("lus", f"{nombre(annonces)} annoncés par la caisse" if annonces is not None else ""),
                *(chiffre(rubrique) for rubrique in ("crees", "mis_a_jour", "inchanges")),
                Chiffre("En quarantaine", foyers["quarantaine"], quarantaine),
            ],
        ),
        Section(
            "Personnes",
            [
                Chiffre("Lues", personnes["lues"]),
                Chiffre("Créées", personnes["creees"]),
                Chiffre("Mises à jour", personnes["mises_a_jour"]),
                Chiffre("Inchangées", personnes["inchangees"]),
            ],
        ),
        Section(
            _majuscule(mot("droits_et_devoirs").singulier),
            [
                chiffre("entrees"),
                chiffre("sorties"),
                Chiffre(_majuscule(mot("personne_soumise").pluriel), soumis["total"], detail="après ce fichier"),
            ],
        ),
        Section(
            "Mouvements des droits",
            [chiffre(r) for r in ("ouverts", "suspendus", "clos", "refuses", "arrives", "partis", "absents")],
        ),
    ]


def anomalies(rapport: dict[str, Any], flux: Flux | None, perimetre: Perimetre) -> list[LigneAnomalie]:
    """Les plus nombreuses d'abord."""
    lignes = []
    for ligne in rapport["anomalies"]:
        url = ""
        if flux is not None and ligne["code"] == "foyer_illisible":
            if perimetre.peut("quarantaine.traiter"):
                url = f"{reverse('quarantaine')}?flux={flux.public_id}&etat=tous"
        elif flux is not None and perimetre.peut("dossier.consulter"):
            url = reverse("flux_anomalies", args=[flux.public_id, ligne["code"]])
        lignes.append(LigneAnomalie(ligne["code"], ligne["nombre"], expliquer(ligne["code"]), url))
    return sorted(lignes, key=lambda ligne: (-ligne.nombre, ligne.code))


def contexte(rapport: dict[str, Any], flux: Flux | None, perimetre: Perimetre) -> dict[str, Any]:
    """Ce que les gabarits du rapport attendent."""
    return {
        "rapport": rapport,
        "flux": flux,
        "sections": sections(rapport, flux, perimetre),
        "anomalies": anomalies(rapport, flux, perimetre),
        "type_flux": dict(Flux.Type.choices).get(rapport["type_flux"], rapport["type_flux"]),
        "date_reference": datetime.fromisoformat(rapport["date_reference"]).date(),
        "emis_le": datetime.fromisoformat(rapport["emis_le"]),
    }


def donnees_pdf(flux: Flux, perimetre: Perimetre) -> dict[str, Any]:
    """Le même contenu pour le document imprimé ; aucun nom de personne n'y figure."""
    lu, departement = contexte(flux.rapport, flux, perimetre), profil()
    identite: Sequence[tuple[str, str]] = (
        ("Fichier", flux.nom_fichier),
        ("Créé par la caisse", date_heure(lu["emis_le"])),
        ("Importé", date_heure(flux.importe_le) + (f" par {flux.importe_par}" if flux.importe_par else "")),
    )
    return {
        "titre": f"Rapport d’import du {date_longue(flux.date_reference)}",
        "sous_titre": f"Flux {lu['type_flux'].lower()} de la CAF ou de la MSA",
        "departement": departement.nom if departement else "Jalon",
        "couleur": departement.couleur if departement else COULEUR_PAR_DEFAUT,
        "pied": f"Jalon · {departement.nom if departement else ''}",
        "message": flux.rapport["message"],
        "identite": [list(couple) for couple in identite],
        "sections": [
            {"titre": s.titre, "chiffres": [[c.libelle, nombre(c.valeur)] for c in s.chiffres]} for s in lu["sections"]
        ],
        "anomalies": [
            {
                "titre": a.explication.titre, "explication": a.explication.explication,
                "que_faire": a.explication.que_faire, "nombre": nombre(a.nombre),
            }
            for a in lu["anomalies"]
        ],
    }  # fmt: skip
