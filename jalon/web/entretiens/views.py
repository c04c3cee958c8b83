"""L'entretien sur une page : venu ou non, la note, le plan, la suite. Une seule page de saisie, plusieurs boutons.

Sans JavaScript, chaque bouton envoie toute la page et la rend ; avec lui, la page se met à jour sur place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from jalon.contrats.enums import EtatObjectif
from jalon.contrats.objectifs import ajouter_etape, ajouter_objectif, changer_etat
from jalon.personnes.models import Personne
from jalon.personnes.selectors import acceder_personne
from jalon.referentiels.lexique import relever
from jalon.rendezvous.models import EtatRendezVous, NoteEntretien
from jalon.rendezvous.notes import NoteDepasseeError, acceder_note, ecrire_note, notes_lisibles, peut_modifier
from jalon.rendezvous.rendez_vous import acceder_rendez_vous, constater_rendez_vous, fixer_rendez_vous
from jalon.socle.errors import DroitManquantError, HorsPerimetreError, JalonError
from jalon.traces.models import Lecture
from jalon.traces.services import noter_lecture
from jalon.web.entretiens.forms import PARTS, AjoutForm, NoteForm, ProchainForm
from jalon.web.entretiens.page import ContratEnCours, Entretien, alertes_de, contexte, element_du_plan
from jalon.web.socle.acces import exige
from jalon.web.templatetags.jalon import date_heure

DROIT = "suivi.ecrire"
SUR_PLACE = "X-Jalon-Sur-Place"
"""En-tête des envois de `entretien.js` : la réponse est la page à jour, sans renvoi."""
PRESENCES = {
    "honore": EtatRendezVous.HONORE, "excuse": EtatRendezVous.EXCUSE, "manque": EtatRendezVous.MANQUE,
}  # fmt: skip
DITES = {
    EtatRendezVous.HONORE: "C’est noté : le rendez-vous a eu lieu.",
    EtatRendezVous.EXCUSE: "C’est noté : la personne s’est excusée.",
    EtatRendezVous.MANQUE: "C’est noté : la personne n’est pas venue.",
}


@exige(DROIT)
@require_http_methods(["GET", "HEAD", "POST"])
def entretien(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Un entretien pris sur rendez-vous."""
    rendez_vous = acceder_rendez_vous(request.perimetre, public_id, droit=DROIT)
    ouvert = Entretien(rendez_vous.personne, request.user, request.perimetre, rendez_vous)
    return _tenir(request, ouvert)


@exige(DROIT)
@require_http_methods(["GET", "HEAD", "POST"])
def entretien_libre(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Un entretien sans rendez-vous : la note commencée le même jour se reprend, `?nouvelle=oui` en ouvre une autre."""
    personne = acceder_personne(request.perimetre, public_id, droit=DROIT)
    return _tenir(request, _libre(request, personne))


def _libre(request: HttpRequest, personne: Personne) -> Entretien:
    envoyee = request.POST.get("note", "")
    if request.method == "POST":
        note = None
        if envoyee:
            formulaire = NoteForm({"note": envoyee})
            formulaire.is_valid()
            cle = formulaire.cleaned_data.get("note")
            note = NoteEntretien.objects.filter(personne=personne, public_id=cle).select_related(
                "personne", "auteur", "modifiee_par"
            ).first()  # fmt: skip
        return Entretien(personne, request.user, request.perimetre, note=note, nouvelle=note is None)
    return Entretien(personne, request.user, request.perimetre, nouvelle="nouvelle" in request.GET)


def _tenir(request: HttpRequest, ouvert: Entretien) -> HttpResponse:
    contrats = ouvert.contrats()
    if request.method != "POST":
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
            personne=ouvert.personne.public_id, ecran="entretien",
        )  # fmt: skip
        return _page(request, contexte(ouvert, contrats=contrats))
    return Envoi(request, ouvert, contrats).accomplir()


class Envoi:
    """Un envoi de la page : ce qui est écrit dans la note se garde toujours, puis l'acte du bouton se fait."""

    def __init__(self, request: HttpRequest, ouvert: Entretien, contrats: list[ContratEnCours]) -> None:
        self.request, self.ouvert, self.contrats = request, ouvert, contrats
        self.qui: dict[str, Any] = {"acteur": request.user, "perimetre": request.perimetre}
        self.note: NoteForm | None = NoteForm(request.POST)
        ecrits = [(c.contrat, c.objectifs) for c in contrats if c.s_ecrit]
        self.ajout: AjoutForm | None = AjoutForm(request.POST, ouverts=ecrits)
        self.prochain: ProchainForm | None = ProchainForm(request.POST, creneaux=ouvert.creneaux())
        self.motif = request.POST.get("motif", "").strip()
        self.refus = False

    def accomplir(self) -> HttpResponse:
        bouton, _, cible = self.request.POST.get("acte", "note").partition(":")
        self._garder_la_note(demandee=bouton == "note")
        ancre = "note"
        if bouton in PRESENCES:
            ancre = "note" if self._faire(lambda: self._constater(bouton)) else "presence"
        elif bouton == "ajouter":
            ancre = "plan"
            self._faire(self._ajouter)
        elif bouton == "avance":
            ancre = "plan"
            self._faire(lambda: self._avancer(cible))
        elif bouton == "prochain":
            ancre = "suite"
            self._faire(self._fixer)
        return self._rendre(ancre)

    def _faire(self, acte: Callable[[], str]) -> bool:
        """Fait l'acte et le dit ; un refus laisse la saisie en place."""
        try:
            with transaction.atomic():
                dit = acte()
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            messages.error(self.request, str(refus))
            self.refus = True
            return False
        messages.success(self.request, dit)
        return True

    def _garder_la_note(self, *, demandee: bool) -> None:
        formulaire = self.note
        if formulaire is None or not self.ouvert.ecrit:
            self.note = None
            return
        if not formulaire.is_valid():
            self.refus = True
            messages.error(
                self.request, "La note n’est pas gardée : une réponse ne se lit pas, elle est marquée plus bas."
            )
            return
        if formulaire.vide and not demandee and self.ouvert.note is None:
            self.note = None
            return
        avant = self.ouvert.note
        try:
            with transaction.atomic():
                self.ouvert.note = garder(self.ouvert, formulaire, **self.qui)
        except NoteDepasseeError as refus:
            self.refus, self.ouvert.depassee, self.ouvert.note = True, refus.gardee, refus.gardee
            messages.warning(self.request, str(refus))
            return
        except (HorsPerimetreError, DroitManquantError):
            raise
        except JalonError as refus:
            self.refus = True
            messages.error(self.request, str(refus))
            return
        self.note = None
        if demandee or avant is None or avant.numero != self.ouvert.note.numero:
            messages.success(self.request, "La note est gardée. La personne peut la lire.")

    def _constater(self, presence: str) -> str:
        if self.ouvert.rendez_vous is None:
            raise JalonError("Cet entretien n’avait pas de rendez-vous : écrivez seulement la note.")
        etat = PRESENCES[presence]
        self.ouvert.rendez_vous = constater_rendez_vous(
            self.ouvert.rendez_vous, etat=etat, motif=self.motif, **self.qui
        )
        self.motif = ""
        return DITES[etat]

    def _ajouter(self) -> str:
        formulaire = self.ajout
        if formulaire is None or not formulaire.is_valid():
            raise JalonError("Ce que vous ajoutez ne se lit pas : vérifiez la date et l’objectif choisi.")
        saisie = formulaire.cleaned_data
        ecrit = next((c for c in self.contrats if c.s_ecrit), None)
        if ecrit is None:
            raise JalonError("Aucun contrat ne s’écrit en ce moment : commencez-en un, ses objectifs s’y ajouteront.")
        if saisie["ou"]:
            objectif = next(o for c in self.contrats for o in c.objectifs if str(o.public_id) == saisie["ou"])
            ajouter_etape(
                objectif, intitule=saisie["intitule"], qui=saisie["qui"] or "personne", echeance=saisie["echeance"],
                **self.qui,
            )  # fmt: skip
            dit = "L’étape est ajoutée."
        else:
            ajouter_objectif(ecrit.contrat, intitule=saisie["intitule"], echeance=saisie["echeance"], **self.qui)
            dit = "L’objectif est ajouté."
        self.ajout = None
        return dit

    def _avancer(self, cible: str) -> str:
        cle, _, etat = cible.partition(":")
        try:
            element = element_du_plan(self.contrats, UUID(cle))
        except ValueError as erreur:
            raise JalonError("Cette étape ne se lit pas : rechargez la page.") from erreur
        changer_etat(element, etat=etat, **self.qui)
        return f"« {element.intitule} » : {EtatObjectif(etat).label.lower()}."

    def _fixer(self) -> str:
        if self.prochain is None:
            raise JalonError("Choisissez un créneau libre, ou donnez le jour et l’heure.")
        creneau = self.prochain.creneau_choisi(self.ouvert.modele_de_creneau())
        rendez_vous = fixer_rendez_vous(
            self.ouvert.personne, creneau=creneau, objet=self.prochain.cleaned_data["objet"] or "entretien", **self.qui
        )
        self.prochain = None
        return f"Rendez-vous fixé le {date_heure(rendez_vous.debut)}."

    def _rendre(self, ancre: str) -> HttpResponse:
        """Sur place, ou s'il reste une saisie à ne pas perdre : la page. Sinon un renvoi, qu'un rechargement ne refait pas."""
        reste = self.refus or bool(self.motif) or bool(self.ajout and self.ajout.data.get("ajout-intitule", "").strip())
        reste = reste or bool(self.prochain and self.prochain.rempli)
        if not reste and SUR_PLACE not in self.request.headers:
            return redirect(f"{self.request.path}#{ancre}")
        rendu = contexte(
            self.ouvert, contrats=self.ouvert.contrats(), note=self.note, motif=self.motif,
            ajout=self.ajout if self.ajout and self.ajout.data.get("ajout-intitule", "").strip() else None,
            prochain=self.prochain if self.prochain and self.prochain.rempli else None,
        )  # fmt: skip
        sur_place = SUR_PLACE in self.request.headers
        return _page(self.request, rendu, status=409 if self.refus and not sur_place else 200)


def garder(ouvert: Entretien, formulaire: NoteForm, *, en_cours: bool = False, **qui: Any) -> NoteEntretien:
    """Écrit la note de cet entretien ; un rendez-vous donne sa date."""
    saisie = formulaire.cleaned_data
    jour = ouvert.date_de_l_echange
    if ouvert.rendez_vous is None:
        jour = saisie.get("date") or jour
    return ecrire_note(
        ouvert.personne, date=jour, rendez_vous=ouvert.rendez_vous, note=ouvert.note, numero_lu=saisie["numero"],
        en_cours=en_cours, **formulaire.textes, **qui,
    )  # fmt: skip


@exige(DROIT)
@require_POST
def entretien_garder(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Garde la note pendant la frappe."""
    rendez_vous = acceder_rendez_vous(request.perimetre, public_id, droit=DROIT)
    return _garder(request, Entretien(rendez_vous.personne, request.user, request.perimetre, rendez_vous))


@exige(DROIT)
@require_POST
def entretien_libre_garder(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Garde la note d'un entretien sans rendez-vous pendant la frappe."""
    personne = acceder_personne(request.perimetre, public_id, droit=DROIT)
    return _garder(request, _libre(request, personne))


def _garder(request: HttpRequest, ouvert: Entretien) -> JsonResponse:
    formulaire = NoteForm(request.POST)
    if not formulaire.is_valid():
        return JsonResponse({"message": "Une réponse ne se lit pas : elle n’est pas gardée."}, status=422)
    if formulaire.vide and ouvert.note is None:
        return JsonResponse({"note": "", "numero": "", "quand": ""})
    try:
        with transaction.atomic():
            gardee = garder(ouvert, formulaire, acteur=request.user, perimetre=request.perimetre, en_cours=True)
    except (HorsPerimetreError, DroitManquantError):
        raise
    except JalonError as refus:
        return JsonResponse({"message": str(refus)}, status=409)
    return JsonResponse(
        {"note": str(gardee.public_id), "numero": gardee.numero, "quand": date_heure(gardee.modifie_le)}
    )


# --- Les notes


@exige("dossier.consulter")
@require_safe
def notes(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Toutes les notes d'une personne, la plus récente d'abord."""
    personne = acceder_personne(request.perimetre, public_id)
    noter_lecture(
        Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
        personne=personne.public_id, ecran="notes d’entretien",
    )  # fmt: skip
    return _page(request, {"personne": personne, "notes": notes_lisibles(personne)}, gabarit="notes")


@exige("dossier.consulter")
@require_http_methods(["GET", "HEAD", "POST"])
def note(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Une note, lue ; son auteur et le référent la reprennent ici."""
    lue = acceder_note(request.perimetre, public_id)
    modifiable = peut_modifier(lue, request.user, request.perimetre)
    formulaire, depassee, statut = NoteForm.de(lue, lue.date), None, 200
    if request.method == "POST":
        formulaire = NoteForm(request.POST)
        if not formulaire.is_valid():
            messages.error(request, "La note n’est pas gardée : une réponse ne se lit pas, elle est marquée plus bas.")
            statut = 422
        else:
            try:
                with transaction.atomic():
                    ecrire_note(
                        lue.personne, acteur=request.user, perimetre=request.perimetre, note=lue,
                        date=lue.date if lue.rendez_vous_id else formulaire.cleaned_data["date"] or lue.date,
                        numero_lu=formulaire.cleaned_data["numero"], **formulaire.textes,
                    )  # fmt: skip
                messages.success(request, "La note est gardée. La personne peut la lire.")
                return redirect("notes", public_id=lue.personne.public_id)
            except NoteDepasseeError as refus:
                messages.warning(request, str(refus))
                lue = depassee = refus.gardee
                statut = 409
            except (HorsPerimetreError, DroitManquantError):
                raise
            except JalonError as refus:
                messages.error(request, str(refus))
                statut = 409
    else:
        noter_lecture(
            Lecture.Nature.DOSSIER, agent=request.user, organisme=request.perimetre.organisme_principal,
            personne=lue.personne.public_id, ecran="note d’entretien",
        )  # fmt: skip
    textes = {nom: str(formulaire[nom].value() or "") for nom in PARTS}
    rendu = {
        "personne": lue.personne,
        "note": lue,
        "numero": lue.numero,
        "modifiable": modifiable,
        "depassee": depassee,
        "form_note": formulaire,
        "parts": [
            {"champ": formulaire[nom], "nom": nom, "alertes": alertes} for nom, alertes in alertes_de(textes).items()
        ],
    }
    return _page(request, rendu, gabarit="note", status=statut)


@exige("dossier.consulter")
@require_POST
def lexique(request: HttpRequest) -> HttpResponse:
    """Les mots d'un texte qui n'ont pas leur place dans un dossier. Le texte n'est gardé nulle part."""
    reponse = render(request, "composants/lexique_alertes.html", {"alertes": relever(request.POST.get("texte", ""))})
    reponse["Cache-Control"] = "no-store"
    return reponse


def _page(
    request: HttpRequest, rendu: dict[str, Any], *, gabarit: str = "entretien", status: int = 200
) -> HttpResponse:
    reponse = render(request, f"entretiens/{gabarit}.html", rendu, status=status)
    reponse["Cache-Control"] = "no-store"
    return reponse
