"""Verser d'un coup des grilles déjà remplies : une étude, ou la reprise d'un fichier (F030, [001] A III).

Tout ou rien : la moindre ligne fautive est dite avec sa colonne, et rien n'est écrit. Le même fichier ne se verse
qu'une fois, reconnu à son empreinte.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from jalon.agents.models import Agent
from jalon.diagnostics.enums import OriginePassation, ParcoursEnvisage
from jalon.diagnostics.models import Grille, Passation, Reponse, RepriseGrilles, VersionGrille
from jalon.diagnostics.selectors import grille_de_code, version_en_vigueur
from jalon.organismes.models import Territoire
from jalon.personnes.models import Personne, Rattachement, RolePersonne, Sexe
from jalon.socle.errors import JalonError
from jalon.socle.textes import normaliser
from jalon.traces.services import tracer

OBLIGATOIRES = ("territoire", "date", "sexe", "age", "parcours_envisage")
FACULTATIVES = ("matricule", "personne")
AGE_MAXIMAL = 120
FORME_FRANCAISE = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
SEXES = {
    "": "", "1": Sexe.HOMME, "h": Sexe.HOMME, "m": Sexe.HOMME, "homme": Sexe.HOMME,
    "2": Sexe.FEMME, "f": Sexe.FEMME, "femme": Sexe.FEMME,
}  # fmt: skip
PARCOURS = {
    "": "",
    "pro": ParcoursEnvisage.PROFESSIONNEL,
    "professionnel": ParcoursEnvisage.PROFESSIONNEL,
    "professionnelle": ParcoursEnvisage.PROFESSIONNEL,
    "social": ParcoursEnvisage.SOCIAL,
    "sociale": ParcoursEnvisage.SOCIAL,
    "attente": ParcoursEnvisage.ATTENTE,
    "en attente": ParcoursEnvisage.ATTENTE,
}


@dataclass(frozen=True)
class Faute:
    """Ce qui ne va pas dans le fichier : où, quoi, et quoi faire. La ligne 1 est celle des titres."""

    ligne: int
    colonne: str
    message: str
    que_faire: str


class RepriseRefuseeError(JalonError):
    """Le fichier a des fautes : rien n'est écrit."""

    def __init__(self, fautes: list[Faute]) -> None:
        nombre = f"{len(fautes)} fautes" if len(fautes) > 1 else "une faute"
        super().__init__(f"Fichier refusé, {nombre} : rien n'est écrit. Corrigez puis relancez la même commande.")
        self.fautes = fautes


@dataclass
class Ligne:
    """Une grille lue, prête à écrire."""

    territoire: Territoire
    jour: date
    sexe: str
    age: int | None
    parcours: str
    rangs: dict[str, int]
    matricule: str
    personne: str


@dataclass
class Bilan:
    """Ce qu'une reprise a fait, ou ferait."""

    fichier: str
    empreinte: str
    grille: Grille
    simulation: bool
    lignes: int = 0
    versees: int = 0
    deja_le: datetime | None = None
    nominatives: int = 0
    par_territoire: Counter[str] = field(default_factory=Counter)
    sans_reponse: dict[str, int] = field(default_factory=dict)

    @property
    def message(self) -> str:
        if self.deja_le is not None:
            le = timezone.localtime(self.deja_le)
            return f"Ce fichier a déjà été versé le {le:%d/%m/%Y} : rien n'a changé."
        if self.simulation:
            return "Simulation : le fichier est bon, rien n'est écrit."
        return f"{self.versees} grilles versées."

    def en_json(self) -> dict[str, Any]:
        """Contrat de `jalon importer echelles … --json`."""
        return {
            "fichier": self.fichier,
            "empreinte": self.empreinte,
            "grille": self.grille.code,
            "simulation": self.simulation,
            "deja_verse": self.deja_le is not None,
            "lignes": self.lignes,
            "versees": self.versees,
            "nominatives": self.nominatives,
            "par_territoire": dict(self.par_territoire),
            "sans_reponse": self.sans_reponse,
            "erreurs": [],
            "message": self.message,
        }


@transaction.atomic
def importer_echelles(
    chemin: Path, *, acteur: Agent | None = None, grille: str | None = None, simulation: bool = False
) -> Bilan:
    """Verse un fichier de grilles remplies. Lève `RepriseRefuseeError` avec toutes ses fautes : rien n'est écrit.

    `simulation` contrôle tout et n'écrit rien. Sans acteur : la ligne de commande, avec les droits du propriétaire.
    """
    try:
        octets = chemin.read_bytes()
    except OSError as erreur:
        raise JalonError(f"Le fichier {chemin} ne se lit pas ({erreur.strerror}) : vérifiez son nom.") from erreur
    cible = Grille.objects.select_for_update(of=("self",)).get(pk=grille_de_code(grille).pk)
    bilan = Bilan(chemin.name, hashlib.sha256(octets).hexdigest(), cible, simulation)
    lecture = _Lecture(cible)
    lignes = lecture.lire(octets)
    personnes = lecture.retrouver(lignes)
    if lecture.fautes:
        raise RepriseRefuseeError(sorted(lecture.fautes, key=lambda faute: (faute.ligne, faute.colonne)))
    bilan.lignes = len(lignes)
    bilan.nominatives = len(personnes)
    bilan.par_territoire.update(ligne.territoire.libelle for ligne in lignes.values())
    bilan.sans_reponse = {code: sum(code not in ligne.rangs for ligne in lignes.values()) for code in lecture.questions}
    deja = RepriseGrilles.objects.filter(empreinte=bilan.empreinte, grille=cible).first()
    if deja is not None:
        bilan.deja_le = deja.faite_le
    elif not simulation:
        bilan.versees = _ecrire(bilan, lignes, personnes, lecture, acteur)
    return bilan


class _Lecture:
    """Lit et contrôle le fichier, en gardant toutes les fautes."""

    def __init__(self, grille: Grille) -> None:
        self.grille = grille
        self.fautes: list[Faute] = []
        self.versions: dict[date, VersionGrille] = {}
        self.rangs: dict[int, dict[str, dict[int, tuple[int, int]]]] = {}
        """{version: {question: {rang: (question, échelon)}}}, en clés primaires."""
        derniere = version_en_vigueur(grille, timezone.localdate())
        self.questions = tuple(item.code for item in derniere.items.all())
        self.territoires: dict[str, Territoire] = {}
        for territoire in Territoire.objects.order_by("-ordre", "-id"):
            self.territoires[territoire.code] = territoire
            self.territoires[normaliser(territoire.libelle)] = territoire

    def faute(self, ligne: int, colonne: str, message: str, que_faire: str) -> None:
        self.fautes.append(Faute(ligne, colonne, message, que_faire))

    def lire(self, octets: bytes) -> dict[int, Ligne]:
        """Les lignes bonnes, par leur numéro dans le fichier."""
        try:
            texte = octets.decode("utf-8-sig")
        except UnicodeDecodeError as erreur:
            fautive = octets[: erreur.start].count(b"\n") + 1
            self.faute(
                fautive, "", "Le fichier n'est pas en UTF-8.", "Enregistrez-le en « CSV UTF-8 » puis recommencez."
            )
            return {}
        lecteur = csv.reader(io.StringIO(texte, newline=""), delimiter=";")
        titres = [titre.strip().lower() for titre in next(lecteur, [])]
        if not self._titres(titres):
            return {}
        lues: dict[int, Ligne] = {}
        for valeurs in lecteur:
            if not any(valeur.strip() for valeur in valeurs):
                continue
            numero = lecteur.line_num
            if len(valeurs) != len(titres):
                self.faute(
                    numero, "", f"{len(valeurs)} cases au lieu de {len(titres)}.",
                    "Une ligne a autant de points-virgules que celle des titres : vérifiez les cases vides.",
                )  # fmt: skip
                continue
            cases = {titre: valeur.strip() for titre, valeur in zip(titres, valeurs, strict=True)}
            ligne = self._ligne(numero, cases)
            if ligne is not None:
                lues[numero] = ligne
        if not lues and not self.fautes:
            self.faute(1, "", "Le fichier n'a aucune ligne.", "Ajoutez une ligne par grille, sous celle des titres.")
        return lues

    def _titres(self, titres: list[str]) -> bool:
        attendus = (*OBLIGATOIRES, *self.questions)
        for manquant in [titre for titre in attendus if titre not in titres]:
            self.faute(1, manquant, "Cette colonne manque.", f"Ajoutez-la ; attendues : {';'.join(attendus)}.")
        for titre in dict.fromkeys(titres):
            if titres.count(titre) > 1:
                self.faute(1, titre, "Cette colonne est donnée deux fois.", "Gardez-en une seule.")
            elif titre not in {*attendus, *FACULTATIVES}:
                connues = ";".join((*attendus, *FACULTATIVES))
                self.faute(1, titre, "Cette colonne est inconnue.", f"Retirez-la ou renommez-la ; connues : {connues}.")
        return not self.fautes

    def _ligne(self, numero: int, cases: Mapping[str, str]) -> Ligne | None:
        avant = len(self.fautes)
        territoire = self._territoire(numero, cases["territoire"])
        jour = self._jour(numero, cases["date"])
        sexe = SEXES.get(cases["sexe"].lower())
        if sexe is None:
            self.faute(numero, "sexe", f"« {cases['sexe']} » n'est pas un sexe.", "Écrivez 1 ou H, 2 ou F, ou rien.")
        age = self._age(numero, cases["age"])
        parcours = PARCOURS.get(normaliser(cases["parcours_envisage"]))
        if parcours is None:
            self.faute(
                numero, "parcours_envisage", f"« {cases['parcours_envisage']} » n'est pas un parcours envisagé.",
                "Écrivez professionnel, social, attente, ou rien.",
            )  # fmt: skip
        version = self._version(jour) if jour else None
        rangs = dict(self._rangs(numero, cases, version)) if version else {}
        if len(self.fautes) > avant or territoire is None or jour is None or sexe is None or parcours is None:
            return None
        return Ligne(
            territoire,
            jour,
            str(sexe),
            age,
            str(parcours),
            rangs,
            cases.get("matricule", ""),
            cases.get("personne", ""),
        )

    def _territoire(self, numero: int, texte: str) -> Territoire | None:
        trouve = self.territoires.get(texte) or self.territoires.get(normaliser(texte))
        if trouve is None:
            connus = ", ".join(dict.fromkeys(t.libelle for t in reversed(self.territoires.values())))
            quoi = f"« {texte} » n'est pas un territoire." if texte else "Le territoire manque."
            self.faute(numero, "territoire", quoi, f"Écrivez son code ou son nom : {connus}.")
        return trouve

    def _jour(self, numero: int, texte: str) -> date | None:
        jour = _lire_jour(texte)
        if jour is not None and jour <= timezone.localdate():
            return jour
        if jour is not None:
            self.faute(
                numero, "date", f"Le {jour:%d/%m/%Y} est à venir.", "Écrivez le jour où la grille a été remplie."
            )
            return None
        self.faute(numero, "date", f"« {texte} » n'est pas une date.", "Écrivez-la 2009-12-31 ou 31/12/2009.")
        return None

    def _age(self, numero: int, texte: str) -> int | None:
        if not texte:
            return None
        if not texte.isascii() or not texte.isdigit() or int(texte) > AGE_MAXIMAL:
            self.faute(numero, "age", f"« {texte} » n'est pas un âge.", "Écrivez un nombre d'années, ou rien.")
            return None
        return int(texte)

    def _version(self, jour: date) -> VersionGrille:
        version = self.versions.get(jour)
        if version is None:
            version = self.versions[jour] = version_en_vigueur(self.grille, jour)
            self.rangs.setdefault(
                version.pk,
                {i.code: {e.rang: (i.pk, e.pk) for e in i.echelons.all()} for i in version.items.all()},
            )
        return version

    def _rangs(self, numero: int, cases: Mapping[str, str], version: VersionGrille) -> Iterator[tuple[str, int]]:
        echelons = self.rangs[version.pk]
        for code in self.questions:
            texte = cases[code]
            if not texte:
                continue
            connus = echelons.get(code, {})
            if not texte.isascii() or not texte.isdigit() or int(texte) not in connus:
                possibles = (
                    f"un échelon de 1 à {max(connus)}, ou rien" if connus else "rien : la question n'existait pas"
                )
                self.faute(numero, code, f"« {texte} » n'est pas un échelon.", f"Écrivez {possibles}.")
                continue
            yield code, int(texte)

    # --- Personnes

    def retrouver(self, lignes: Mapping[int, Ligne]) -> dict[int, int]:
        """{ligne: personne} des lignes nominatives. Une ligne sans matricule ni personne n'en désigne aucune."""
        uuids = self._par_identifiant(lignes)
        matricules = self._par_matricule({ligne.matricule for ligne in lignes.values() if ligne.matricule})
        trouvees: dict[int, int] = {}
        for numero, ligne in lignes.items():
            candidates = set()
            if ligne.personne:
                cle = uuids.get(numero)
                if cle is None:
                    self.faute(
                        numero, "personne", f"« {ligne.personne} » ne désigne aucune personne.",
                        "Copiez l'identifiant qui est dans l'adresse de son dossier, ou laissez vide.",
                    )  # fmt: skip
                    continue
                candidates.add(cle)
            if ligne.matricule:
                titulaires = matricules.get(ligne.matricule, set())
                if len(titulaires) != 1:
                    combien = "aucun demandeur" if not titulaires else "plusieurs demandeurs"
                    self.faute(
                        numero, "matricule", f"Le matricule « {ligne.matricule} » désigne {combien}.",
                        "Vérifiez-le, ou écrivez l'identifiant de la personne dans la colonne personne.",
                    )  # fmt: skip
                    continue
                if candidates and candidates != titulaires:
                    # Le conjoint n'est pas le demandeur : l'identifiant de la personne l'emporte s'il est du foyer.
                    if not self._du_foyer(next(iter(candidates)), ligne.matricule):
                        self.faute(
                            numero, "personne", "Cette personne n'est pas du foyer de ce matricule.",
                            "Gardez le matricule ou l'identifiant, celui qui est juste.",
                        )  # fmt: skip
                        continue
                else:
                    candidates = titulaires
            if candidates:
                trouvees[numero] = next(iter(candidates))
        return trouvees

    def _par_identifiant(self, lignes: Mapping[int, Ligne]) -> dict[int, int]:
        demandes: dict[int, UUID] = {}
        for numero, ligne in lignes.items():
            try:
                demandes[numero] = UUID(ligne.personne)
            except ValueError:
                continue
        connues = {
            public_id: fusionnee or cle
            for cle, public_id, fusionnee in Personne.objects.filter(public_id__in=set(demandes.values()))
            .order_by("pk")
            .values_list("pk", "public_id", "fusionnee_dans_id")
        }
        return {numero: connues[public_id] for numero, public_id in demandes.items() if public_id in connues}

    def _par_matricule(self, matricules: set[str]) -> dict[str, set[int]]:
        trouves: dict[str, set[int]] = {}
        if not matricules:
            return trouves
        lignes = Rattachement.objects.filter(
            foyer__dossiers__matricule__in=matricules, role=RolePersonne.DEMANDEUR, periode__endswith=None,
            periode__isempty=False,
        )  # fmt: skip
        for matricule, personne in lignes.order_by("pk").values_list("foyer__dossiers__matricule", "personne_id"):
            trouves.setdefault(matricule, set()).add(personne)
        return trouves

    def _du_foyer(self, personne: int, matricule: str) -> bool:
        return Rattachement.objects.filter(
            personne_id=personne, foyer__dossiers__matricule=matricule, periode__isempty=False
        ).exists()


def _lire_jour(texte: str) -> date | None:
    """« 2009-12-31 » ou « 31/12/2009 »."""
    ecrit = FORME_FRANCAISE.fullmatch(texte)
    try:
        return date.fromisoformat("-".join(ecrit.groups()[::-1]) if ecrit else texte)
    except ValueError:
        return None


def _ecrire(
    bilan: Bilan, lignes: Mapping[int, Ligne], personnes: Mapping[int, int], lecture: _Lecture, acteur: Agent | None
) -> int:
    reprise = RepriseGrilles.objects.create(
        fichier=bilan.fichier[:200],
        empreinte=bilan.empreinte,
        grille=bilan.grille,
        lignes=len(lignes),
        faite_par=acteur,
    )
    passations = Passation.objects.bulk_create(
        [
            Passation(
                personne_id=personnes.get(numero), version=lecture.versions[ligne.jour], date_passation=ligne.jour,
                territoire=ligne.territoire, sexe=ligne.sexe, age=ligne.age, parcours_envisage=ligne.parcours,
                origine=OriginePassation.REPRISE, reprise=reprise,
            )
            for numero, ligne in lignes.items()
        ],
        batch_size=1_000,
    )  # fmt: skip
    Reponse.objects.bulk_create(
        [
            Reponse(passation=passation, item_id=item, echelon_id=echelon)
            for passation, ligne in zip(passations, lignes.values(), strict=True)
            for item, echelon in (lecture.rangs[passation.version_id][code][rang] for code, rang in ligne.rangs.items())
        ],
        batch_size=5_000,
    )
    concernees = Personne.objects.filter(pk__in=set(personnes.values())).order_by("pk")
    tracer(
        "echanges.echelles.versees", reprise, acteur=acteur, resume=f"{len(lignes)} grilles versées d'un fichier",
        personnes=list(concernees.values_list("public_id", flat=True)), donnees={"empreinte": bilan.empreinte},
    )  # fmt: skip
    return len(passations)
