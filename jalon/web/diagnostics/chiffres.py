"""Les grilles comptées : chaque question en image et en table, le parcours envisagé, les freins, l'évolution."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from jalon.diagnostics.models import Grille
from jalon.diagnostics.selectors import grilles_actives
from jalon.observatoire import echelles
from jalon.observatoire.cliches import cliches_pris
from jalon.observatoire.graphiques import Dessin, Part, ecrire_nombre, nettoyer, specification
from jalon.observatoire.moteur import calculer
from jalon.referentiels.parametres import nombre
from jalon.socle.exports import Cell, ExportFormat, export_table
from jalon.socle.nombres import en_pourcent
from jalon.web.pilotage.demande import DemandeBornee, lire_bornes, lire_date
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import pourcent

MASQUE = "s"
LARGEUR, LARGEUR_REPONSE = 260, 520


@dataclass(frozen=True)
class Demande(DemandeBornee):
    """Paramètres des chiffres d'une grille lus dans l'adresse."""

    grille: Grille
    jour: date
    depuis: date | None
    item: str

    @property
    def seuil(self) -> int:
        return int(nombre("observatoire.seuil_secret", self.jour)) if self.publication else 0

    @cached_property
    def champ(self) -> echelles.Champ:
        return echelles.champ(
            self.grille, self.jour, depuis=self.depuis, territoire=self.territoire or None, permis=self.permis,
            carte=self.carte,
        )  # fmt: skip

    def requete(self, **changes: str) -> str:
        """Chaîne de requête de la même demande, à ces changements près."""
        valeurs = {
            "grille": self.grille.code,
            "item": self.item,
            "date": self.jour.isoformat(),
            "depuis": self.depuis.isoformat() if self.depuis else "",
            "territoire": self.territoire,
            "publication": "oui" if self.publication_demandee else "",
            **changes,
        }
        return "?" + urlencode({cle: valeur for cle, valeur in valeurs.items() if valeur})


def _lire_demande(request: HttpRequest) -> Demande:
    """Un territoire ou une grille inconnus, ou hors du périmètre, sont une page absente."""
    grilles = list(grilles_actives())
    code = request.GET.get("grille", "")
    grille = next((g for g in grilles if not code or g.code == code), None)
    if grille is None:
        raise Http404
    aujourdhui = timezone.localdate()
    demande = Demande(
        **lire_bornes(request), grille=grille, jour=min(lire_date(request, "date") or aujourdhui, aujourdhui),
        depuis=lire_date(request, "depuis"), item=request.GET.get("item", ""),
    )  # fmt: skip
    if demande.territoire and demande.permis is not None and not demande.champ.feuilles:
        raise Http404
    return demande


def _choisie(lues: list[echelles.Repartition], item: str) -> echelles.Repartition:
    if not item:
        return lues[0]
    trouvee = next((r for r in lues if r.code == item), None)
    if trouvee is None:
        raise Http404
    return trouvee


@exige("tableaux.consulter")
@require_safe
def grilles(request: HttpRequest) -> HttpResponse:
    """Une question au choix, puis ce que toutes disent ensemble."""
    demande = _lire_demande(request)
    if demande.permis is not None and not demande.permis:
        return render(request, "pilotage/sans_territoire.html")
    lues = echelles.repartitions(demande.champ, seuil=demande.seuil)
    choisie = _choisie(lues, demande.item)
    contexte = {
        "demande": demande,
        "grilles": list(grilles_actives()),
        "remplies": echelles.nombre_de_grilles(demande.champ),
        "echantillon": _echantillon(demande),
        "questions": [(r, demande.requete(item=r.code)) for r in lues],
        "requete": demande.requete(item=choisie.code),
        "choisie": choisie,
        "lignes": _lignes(choisie),
        "bases": _bases(choisie),
        "svg": _image(choisie),
        "declaration": echelles.ECHELLES,
        "t14": _lignes_t14(demande),
        "colonnes_t14": echelles.PARCOURS,
        "declaration_t14": echelles.T14,
        "freins": [] if demande.publication else _lignes_freins(echelles.freins(demande.champ, lues), choisie),
        "declaration_freins": echelles.FREINS,
        "evolutions": [] if demande.publication else echelles.evolutions(demande.champ),
        "declaration_evolution": echelles.EVOLUTION,
        "formats": list(ExportFormat),
        "publier": demande.requete(publication="" if demande.publication_demandee else "oui"),
    }
    return render(request, "diagnostics/chiffres.html", contexte)


@dataclass(frozen=True)
class Case:
    """Un effectif et sa part ; « s » s'il est masqué."""

    effectif: str
    part: str


@dataclass(frozen=True)
class Ligne:
    libelle: str
    cases: tuple[Case, ...]


def _case(effectif: int | None, part: object) -> Case:
    return Case(ecrire_nombre(effectif), pourcent(part, 2) if part is not None else "")  # type: ignore[arg-type]


def _lieux(lue: echelles.Repartition) -> list[str | None]:
    return [None, *(t.code for t in lue.territoires)] if len(lue.territoires) > 1 else [None]


def _lignes(lue: echelles.Repartition) -> list[Ligne]:
    return [
        Ligne(
            f"{rang}. {libelle}",
            tuple(_case(lue.effectif(rang, lieu), lue.pourcentage(rang, lieu)) for lieu in _lieux(lue)),
        )
        for rang, libelle in lue.echelons
    ]


def _bases(lue: echelles.Repartition) -> list[str]:
    return [ecrire_nombre(lue.base(lieu)) for lieu in _lieux(lue)]


def _lignes_freins(comptes: list[echelles.FreinCompte], lue: echelles.Repartition) -> list[Ligne]:
    return [
        Ligne(
            frein.libelle,
            tuple(_case(frein.effectif(lieu), frein.pourcentage(lieu)) for lieu in _lieux(lue)),
        )
        for frein in comptes
    ]


def _lignes_t14(demande: Demande) -> list[Ligne]:
    t14 = echelles.parcours_envisages(demande.champ, seuil=demande.seuil)
    return [
        Ligne(
            m.libelle,
            tuple(
                _case(t14.valeur(m.code, c.code), t14.pourcentage(m.code, c.code) if c.base else None)
                for c in echelles.PARCOURS
            ),
        )
        for m in t14.lignes
    ]


def _image(lue: echelles.Repartition) -> SafeString | str:
    if not lue.base():
        return ""
    parts, etiquettes = [], []
    for rang, libelle in lue.echelons:
        nom = f"{rang}. {libelle}"
        effectif, part = lue.effectif(rang), lue.pourcentage(rang)
        parts.append(Part(nom, "grilles", effectif))
        etiquettes.append((nom, ecrire_nombre(effectif) + (f" · {pourcent(part, 2)}" if part is not None else "")))
    return mark_safe(_dessiner(Dessin(f"{lue.libelle}, {lue.champ.lieu}", tuple(parts), tuple(etiquettes))))


@lru_cache(maxsize=256)
def _dessiner(dessin: Dessin) -> str:
    """Le graphique des tableaux de bord, avec la place d'écrire la réponse en entier."""
    import vl_convert

    plan = specification(dessin)
    plan["width"] = LARGEUR
    for couche in plan["layer"]:
        couche["encoding"]["y"]["axis"] = {
            "ticks": False, "domain": False, "labelLimit": LARGEUR_REPONSE, "labelPadding": 8,
        }  # fmt: skip
    return nettoyer(vl_convert.vegalite_to_svg(plan), dessin.titre)


def _echantillon(demande: Demande) -> str:
    """I26 : part des foyers au socle que ces grilles représentent ; vide sans flux de la caisse."""
    recents = [cliche for cliche in cliches_pris() if cliche.a_la_date <= demande.jour]
    if demande.publication or not recents:
        return ""
    t05 = calculer(
        "T05", recents[0].a_la_date, territoire=demande.territoire or None, permis=demande.permis, cliche=recents[0],
        carte=demande.carte,
    )  # fmt: skip
    socle = t05.valeur("payables", "socle") or 0
    part = en_pourcent(echelles.nombre_de_grilles(demande.champ), socle)
    return "" if part is None else f"{pourcent(part, 1)} des {ecrire_nombre(socle)} foyers au socle"


@exige("tableaux.consulter")
@require_safe
def exporter(request: HttpRequest, objet: str, format: str) -> HttpResponse:
    """La question choisie, ou les freins par territoire, pour la programmation (F035)."""
    if format not in list(ExportFormat) or objet not in ("question", "freins"):
        raise Http404
    demande = _lire_demande(request)
    lues = echelles.repartitions(demande.champ, seuil=demande.seuil)
    choisie = _choisie(lues, demande.item)
    lieux: list[str | None] = [None, *(t.code for t in choisie.territoires)]
    entetes = ["", *_entetes([demande.champ.lieu, *(t.libelle for t in choisie.territoires)])]
    rangees: list[list[Cell]]
    if objet == "freins":
        if demande.publication:
            raise Http404
        declaration = echelles.FREINS
        rangees = [
            [f.libelle, *(cell for lieu in lieux for cell in (f.effectif(lieu), f.pourcentage(lieu)))]
            for f in echelles.freins(demande.champ, lues)
        ]
    else:
        declaration = echelles.ECHELLES
        rangees = [
            [
                f"{rang}. {libelle}",
                *(
                    cell
                    for lieu in lieux
                    for cell in (_ou_masque(choisie.effectif(rang, lieu)), choisie.pourcentage(rang, lieu))
                ),
            ]
            for rang, libelle in choisie.echelons
        ]
        rangees.append(["Réponses", *(cell for lieu in lieux for cell in (_ou_masque(choisie.base(lieu)), None))])
    rangees += [[], *([note] for note in _notes(demande, declaration, choisie if objet == "question" else None))]
    fichier = export_table(
        f"grilles-{choisie.code if objet == 'question' else 'freins'}", ExportFormat(format), entetes, rangees,
        day=demande.jour,
    )  # fmt: skip
    disposition = {"Content-Disposition": f'attachment; filename="{fichier.name}"'}
    return HttpResponse(fichier.stream, content_type=fichier.mime, headers=disposition)


def _entetes(lieux: list[str]) -> list[str]:
    return [texte for lieu in lieux for texte in (lieu, f"{lieu} (%)")]


def _ou_masque(valeur: int | None) -> Cell:
    return MASQUE if valeur is None else valeur


def _notes(demande: Demande, declaration: echelles.Declaration, lue: echelles.Repartition | None) -> list[Cell]:
    notes: list[Cell] = [f"{demande.grille.libelle}, version {demande.champ.version.numero}"]
    if lue is not None:
        notes.append(lue.question)
    depuis = f" depuis le {demande.depuis:%d/%m/%Y}" if demande.depuis else ""
    notes.append(f"{demande.champ.lieu}, situation au {demande.jour:%d/%m/%Y}{depuis}")
    notes += [declaration.definition, declaration.source]
    if demande.publication:
        notes.append(f"s : secret statistique, seuil de {demande.seuil}.")
    return notes
