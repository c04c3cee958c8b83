"""Les contrats qui vont finir, semaine par semaine, et les personnes suivies sans contrat (R51, R56, F051)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from jalon.contrats import echeances as regles
from jalon.contrats import selectors
from jalon.contrats.models import Contrat, TypeContrat
from jalon.organismes.models import Organisme, Territoire
from jalon.organismes.selectors import avec_descendants
from jalon.personnes.models import Personne
from jalon.web.pilotage.demande import lire_date
from jalon.web.socle.acces import exige
from jalon.web.socle.pages import CompteConnu

PAR_PAGE = 50
VUES = {"": "Vont finir", "derniere": "Dernière alerte", "echus": "Échus sans suite", "sans_bilan": "Échus sans bilan"}
ECHUS = frozenset({"echus", "sans_bilan"})
TONS = {
    regles.Alerte.AUCUNE: ("gris", "calendar", "Plus tard"),
    regles.Alerte.PREMIERE: ("bleu", "calendar-due", "Bientôt"),
    regles.Alerte.DERNIERE: ("ambre", "alarm", "Dernière alerte"),
    regles.Alerte.ECHU: ("rouge", "alert-triangle", "Échu"),
}


@dataclass(frozen=True)
class Ligne:
    """Un contrat de la liste et ce que son terme demande."""

    contrat: Contrat
    alerte: regles.Alerte
    jours: int

    @property
    def pastille(self) -> tuple[str, str, str]:
        return TONS[self.alerte]

    @property
    def dernier_jour(self) -> date:
        terme: date = self.contrat.periode.upper
        return terme - timedelta(days=1)

    @property
    def passes(self) -> int:
        return -self.jours

    @property
    def referent(self) -> str:
        return str(self.contrat.referent) if self.contrat.referent is not None else self.contrat.referent_externe


class Demande:
    """Ce que l'adresse demande : une vue ou une semaine, un référent, un territoire, un type, un mois de calendrier."""

    def __init__(self, request: HttpRequest) -> None:
        self.perimetre = request.perimetre  # type: ignore[attr-defined]
        self.jour = timezone.localdate()
        lu = request.GET
        self.vue = lu.get("vue", "") if lu.get("vue", "") in VUES else ""
        self.semaine = lire_date(request, "du")
        self.fin = lire_date(request, "au")
        if self.semaine is None or self.fin is None or self.fin <= self.semaine:
            self.semaine = self.fin = None
        self.mois = (lire_date(request, "mois") or self.semaine or self.jour).replace(day=1)
        self.miens = lu.get("miens") == "oui"
        self.type = self._choisir(TypeContrat.objects.order_by("ordre", "pk"), lu.get("type", ""))
        self.territoire = self._choisir(self.territoires, lu.get("territoire", ""))
        self.page = lu.get("page")

    @staticmethod
    def _choisir(proposes: Any, code: str) -> Any:
        if not code:
            return None
        choisi = next((p for p in proposes if p.code == code), None)
        if choisi is None:
            raise Http404
        return choisi

    @cached_property
    def types(self) -> list[TypeContrat]:
        return list(TypeContrat.objects.filter(actif=True).order_by("ordre", "pk"))

    @cached_property
    def territoires(self) -> list[Territoire]:
        tous = Territoire.objects.order_by("ordre", "pk")
        return list(tous if self.perimetre.tout else tous.filter(pk__in=self.perimetre.territoires))

    @cached_property
    def filtre(self) -> Q:
        filtre = Q()
        if self.type is not None:
            filtre &= Q(type=self.type)
        if self.territoire is not None:
            filtre &= Q(territoire_id__in=avec_descendants([self.territoire.pk]))
        return filtre

    def borner(self, contrats: QuerySet[Contrat]) -> QuerySet[Contrat]:
        contrats = contrats.filter(self.filtre)
        return regles.du_referent(contrats, self.perimetre.agent) if self.miens else contrats

    @cached_property
    def delais(self) -> regles.Delais:
        return regles.Delais.au(self.jour)

    def bornes(self, vue: str) -> tuple[date, date]:
        """Termes que montre une vue, [du, au[."""
        if vue in ECHUS:
            return date.min, self.jour + timedelta(days=1)
        jours = self.delais.derniere if vue == "derniere" else self.delais.premiere
        return self.jour + timedelta(days=1), self.jour + timedelta(days=jours + 1)

    def lire_page(self, par_page: int) -> tuple[Page[int], QuerySet[Contrat]]:
        """La page demandée et ses contrats, dans l'ordre des termes : seuls les jours de cette page sont lus."""
        du, au = (self.semaine, self.fin) if self.semaine and self.fin else self.bornes(self.vue)
        sans_bilan = self.semaine is None and self.vue == "sans_bilan"
        total = self.termes.nombre(du, au, sans_bilan=sans_bilan)
        page = Paginator(CompteConnu(total), par_page).get_page(self.page)
        tranche = self.termes.situer(du, au, (page.number - 1) * par_page, par_page, sans_bilan=sans_bilan)
        lus = self.borner(regles.a_echeance(self.perimetre, self.jour, du=tranche.du, au=tranche.au))
        if sans_bilan:
            lus = regles.sans_bilan_final(lus)
        lus = regles.avec_suite_en_preparation(regles.par_terme(lus)).select_related(
            "personne__territoire", "type", "organisme", "referent"
        )
        return page, lus[tranche.saute : tranche.saute + par_page]

    @cached_property
    def termes(self) -> regles.Termes:
        return regles.Termes.de(self.borner(regles.vivants(self.perimetre)))

    @cached_property
    def nombres(self) -> dict[str, int]:
        """Contrats de chaque vue."""
        return {vue: self.termes.nombre(*self.bornes(vue), sans_bilan=vue == "sans_bilan") for vue in VUES}

    @cached_property
    def calendrier(self) -> regles.Mois:
        return regles.calendrier(self.termes, self.mois, self.jour)

    def adresse(self, **change: str) -> str:
        valeurs = {
            "vue": self.vue,
            "du": self.semaine.isoformat() if self.semaine else "",
            "au": self.fin.isoformat() if self.fin else "",
            "mois": self.mois.isoformat(),
            "miens": "oui" if self.miens else "",
            "type": self.type.code if self.type else "",
            "territoire": self.territoire.code if self.territoire else "",
            **change,
        }
        return "?" + urlencode({cle: valeur for cle, valeur in valeurs.items() if valeur})

    @property
    def onglets(self) -> list[dict[str, object]]:
        return [
            {
                "texte": texte, "url": self.adresse(vue=code, du="", au=""),
                "courant": self.semaine is None and code == self.vue, "nombre": self.nombres[code],
            }
            for code, texte in VUES.items()
        ]  # fmt: skip

    @property
    def semaines(self) -> list[dict[str, object]]:
        return [
            {
                "semaine": s, "url": self.adresse(vue="", du=s.du.isoformat(), au=s.au.isoformat()),
                "choisie": s.du == self.semaine,
            }
            for s in self.calendrier.semaines
        ]  # fmt: skip


@exige("contrats.consulter")
@require_safe
def echeances(request: HttpRequest) -> HttpResponse:
    """La liste par échéance, et le calendrier du mois : chaque nombre ouvre sa liste."""
    demande = Demande(request)
    page, lus = demande.lire_page(PAR_PAGE)
    delais = demande.delais
    lignes = [
        Ligne(c, delais.alerte(c.periode.upper, demande.jour), (c.periode.upper - demande.jour).days) for c in lus
    ]
    contexte = {
        "demande": demande, "page": page, "lignes": lignes, "delais": delais, "mois": demande.calendrier,
        "avant": demande.adresse(mois=demande.calendrier.precedent.isoformat()),
        "apres": demande.adresse(mois=demande.calendrier.suivant.isoformat()),
    }  # fmt: skip
    return render(request, "contrats/suivi/echeances.html", contexte)


# --- Personnes suivies sans contrat (R51)

FACETTES = {
    "": "Toutes",
    selectors.Delai.PASSE: "Délai passé",
    selectors.Delai.DANS_LE_DELAI: "Dans le délai",
    selectors.Delai.SANS_DELAI: "Sans délai fixé",
    "prepare": "Contrat en préparation",
}
TONS_DELAI = {
    selectors.Delai.PASSE: ("rouge", "alert-triangle"),
    selectors.Delai.DANS_LE_DELAI: ("bleu", "clock"),
    selectors.Delai.SANS_DELAI: ("gris", "minus"),
}


@dataclass(frozen=True)
class Suivie:
    """Une personne de la liste, qui la suit, depuis quand elle est sans contrat."""

    personne: Personne
    organisme: str
    referent: str
    jours: int
    ton: str
    icone: str
    delai: str


def _facette(personnes: QuerySet[Personne], code: str) -> QuerySet[Personne]:
    if code == "prepare":
        return personnes.filter(prepare=True)
    return personnes.filter(delai=code) if code else personnes


@exige("contrats.consulter")
@require_safe
def sans_contrat(request: HttpRequest) -> HttpResponse:
    """Personnes suivies, par un référent ou dans une action, qu'aucun contrat ne couvre."""
    perimetre, jour = request.perimetre, timezone.localdate()
    toutes = selectors.sans_contrat(perimetre, jour)
    choisi = request.GET.get("organisme", "")
    organismes = selectors.par_organisme(toutes, jour)
    organisme = next((o for o, _ in organismes if str(o.public_id) == choisi), None)
    if choisi and organisme is None:
        raise Http404
    voulues = selectors.suivies_par(toutes, organisme, jour) if organisme is not None else toutes
    facette = request.GET.get("delai", "") if request.GET.get("delai", "") in FACETTES else ""
    comptes = selectors.compter_delais(voulues)
    page = Paginator(
        _facette(voulues, facette).select_related("territoire").order_by("depuis", "pk"), PAR_PAGE
    ).get_page(request.GET.get("page"))
    contexte = {
        "jour": jour, "page": page, "lignes": _suivies(list(page), jour), "organisme": organisme, "facette": facette,
        "onglets": [
            {
                "texte": texte, "url": _adresse(code, organisme), "courant": code == facette,
                "nombre": comptes[str(code)] if code else comptes["total"],
            }
            for code, texte in FACETTES.items()
        ],
        "organismes": [(o, n, _adresse(facette, o)) for o, n in organismes],
        "tous": _adresse(facette, None),
        "total": comptes["total"],
    }  # fmt: skip
    return render(request, "contrats/suivi/sans_contrat.html", contexte)


def _adresse(facette: str, organisme: Organisme | None) -> str:
    valeurs = {"delai": str(facette), "organisme": str(organisme.public_id) if organisme is not None else ""}
    return "?" + urlencode({cle: valeur for cle, valeur in valeurs.items() if valeur})


def _suivies(personnes: list[Any], jour: date) -> list[Suivie]:
    suivis = selectors.suivi_principal(personnes, jour)
    lignes = []
    for personne in personnes:
        suivi, designation = suivis[personne.pk]
        ton, icone = TONS_DELAI[personne.delai]
        lignes.append(
            Suivie(
                personne, (designation.organisme if designation else suivi.organisme).libelle,
                designation.nom if designation is not None else "", (jour - personne.depuis).days, ton, icone,
                selectors.Delai(personne.delai).label,
            )
        )  # fmt: skip
    return lignes
