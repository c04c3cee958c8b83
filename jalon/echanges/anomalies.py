"""Ce que veut dire chaque anomalie d'un flux, et quoi en faire : les mots de l'écran et du rapport imprimé."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Anomalie:
    """Explication d'un code : ce que Jalon a vu, et ce que vous pouvez faire."""

    titre: str
    explication: str
    que_faire: str


ANOMALIES: Final[dict[str, Anomalie]] = {
    "absents_nombreux": Anomalie(
        "Beaucoup de dossiers manquent",
        "Une part inhabituelle des dossiers ouverts ne figure pas dans ce fichier mensuel.",
        "Vérifiez auprès de la caisse que le fichier est complet. Jalon n'a fermé aucun de ces dossiers.",
    ),
    "anomalie_caisse": Anomalie(
        "Anomalie signalée par la caisse",
        "La caisse a elle-même joint une remarque à ce foyer.",
        "Lisez la remarque ; si elle touche au droit, voyez avec la caisse. Le foyer est bien importé.",
    ),
    "code_inconnu": Anomalie(
        "Code absent de la nomenclature",
        "Le fichier emploie un code que la norme de la CNAF ne donne pas. Jalon le garde tel quel.",
        "Rien à faire pour un cas isolé. S'ils sont nombreux, la norme a sans doute changé : prévenez "
        "l'administrateur de Jalon.",
    ),
    "commune_inconnue": Anomalie(
        "Commune inconnue",
        "Le code de la commune de l'adresse n'existe pas, ou plus : le foyer n'est rattaché à aucun territoire.",
        "Rattachez le foyer à un territoire, et signalez l'adresse à la caisse.",
    ),
    "doublon_possible": Anomalie(
        "Doublon possible",
        "Une personne nouvelle ressemble à une personne déjà connue, sans que Jalon puisse en être sûr.",
        "Examinez les deux dossiers dans « Doublons à examiner » et décidez.",
    ),
    "flux_ancien": Anomalie(
        "Dossier déjà reçu plus récemment",
        "Un flux plus récent avait déjà apporté ce dossier : celui-ci complète son histoire sans changer son présent.",
        "Rien à faire : importer un flux en retard est sans danger.",
    ),
    "foyer_en_double": Anomalie(
        "Foyer répété dans le fichier",
        "Le même dossier figure deux fois dans ce fichier : Jalon garde la dernière version.",
        "Rien à faire, sauf si cela se répète : signalez-le alors à la caisse.",
    ),
    "foyer_illisible": Anomalie(
        "Foyer mis en quarantaine",
        "Une donnée obligatoire manque ou ne veut rien dire : ce foyer n'a pas été importé, les autres l'ont été.",
        "Ouvrez la quarantaine : rejouez le foyer, ou signalez-le à la caisse et écartez-le.",
    ),
    "hors_departement": Anomalie(
        "Adresse hors du département",
        "Le foyer habite une commune d'un autre département : il est gardé, sans territoire.",
        "Attendez la mutation si le foyer a déménagé ; sinon, signalez l'adresse à la caisse.",
    ),
    "nir_cle_fausse": Anomalie(
        "Numéro de sécurité sociale douteux",
        "La clé du numéro ne correspond pas au numéro : il est gardé, mais ne sert pas à reconnaître la personne.",
        "Faites vérifier le numéro par la personne ou par la caisse.",
    ),
    "nir_illisible": Anomalie(
        "Numéro de sécurité sociale illisible",
        "Le numéro n'a pas la forme attendue : la personne est importée sans lui.",
        "Demandez la correction à la caisse.",
    ),
    "nir_modifie": Anomalie(
        "Numéro de sécurité sociale changé",
        "La caisse donne un autre numéro à une personne déjà connue ; l'ancien reste dans son histoire.",
        "C'est souvent un numéro d'attente devenu définitif. Sinon, vérifiez que c'est bien la même personne.",
    ),
    "nir_partage": Anomalie(
        "Numéro porté par deux personnes",
        "Deux personnes d'état civil différent portent le même numéro : Jalon les tient pour distinctes.",
        "Vérifiez les deux dossiers, puis demandez la correction à la caisse.",
    ),
    "numero_demande_partage": Anomalie(
        "Numéro de demande partagé",
        "Deux foyers sans personne commune portent le même numéro de demande : ils restent distincts.",
        "Signalez le numéro à la caisse.",
    ),
    "personne_en_double": Anomalie(
        "Personne répétée dans le foyer",
        "La même personne figure deux fois dans le foyer : elle n'est prise qu'une fois.",
        "Rien à faire, sauf si cela se répète : signalez-le alors à la caisse.",
    ),
    "sans_demandeur": Anomalie(
        "Foyer sans demandeur",
        "Personne, dans ce foyer, n'a le rôle de demandeur.",
        "Le foyer est importé ; demandez à la caisse qui porte la demande.",
    ),
    "total_different": Anomalie(
        "Total annoncé différent",
        "La caisse annonce un nombre de dossiers que le fichier ne contient pas.",
        "Le fichier est peut-être incomplet : demandez-le à nouveau. Un second import ne change rien à ce qui est "
        "déjà lu.",
    ),
}


def expliquer(code: str) -> Anomalie:
    """Explication d'un code ; un code neuf s'affiche tel quel plutôt que de bloquer un rapport."""
    return ANOMALIES.get(code) or Anomalie(
        code.replace("_", " ").capitalize(), "Jalon a signalé ce point pendant l'import.", "Lisez le détail ci-dessous."
    )
