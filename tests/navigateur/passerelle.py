"""La passerelle d'un essai : chaque message pris est gardé dans un fichier, où l'essai lit le code qu'il porte."""

from __future__ import annotations

import os
from pathlib import Path

from jalon.documents.passerelles import Message, Recu

DOSSIER = "messages"


class PasserelleFichier:
    """Écrit le message sous le nom de son destinataire, dans le dossier de données de l'installation."""

    def envoyer(self, message: Message) -> Recu:
        dossier = Path(os.environ["JALON_DONNEES"]) / DOSSIER
        dossier.mkdir(exist_ok=True)
        with open(dossier / message.destinataire, "a") as fichier:
            fichier.write(f"{message.texte}\n")
        return Recu("gardé par l'essai")
