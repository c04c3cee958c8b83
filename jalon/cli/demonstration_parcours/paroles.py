"""Ce que des contrats et des notes fictifs disent : des faits, des mots simples, jamais la santé ni un jugement."""

from __future__ import annotations

from typing import Final

from jalon.contrats.enums import QuiFait

RUBRIQUES: Final[dict[str, tuple[str, ...]]] = {
    "ma_situation": (
        "Je vis seul, je cherche du travail depuis deux ans. Le bus ne passe que le matin et le soir.",
        "Mes enfants vont à l'école, j'ai du temps en journée. Les factures me pèsent.",
        "J'ai fait de l'intérim, la mission s'est arrêtée au printemps. Je veux reprendre.",
    ),
    "mes_souhaits": (
        "Je voudrais un travail près de chez moi, même à temps partiel pour commencer.",
        "J'aimerais passer le permis et apprendre un métier.",
        "Retrouver un rythme, rencontrer du monde, ne plus dépendre de l'aide.",
    ),
    "constat": (
        "Logement stable, pas de véhicule, deux ans sans emploi. Dossier de la caisse à jour.",
        "Vit avec ses deux enfants, garde possible en journée. Loyer à jour, un échéancier d'énergie en cours.",
        "Hébergement chez un proche. Le permis est à passer, les démarches en ligne sont faites avec de l'aide.",
    ),
    "potentialites": (
        "Ponctualité, aisance avec le public, cinq ans en grande surface.",
        "Sait conduire un chariot, aime le travail en équipe.",
        "Cuisine, jardin, entraide dans le quartier.",
    ),
    "obstacles": (
        "Le dernier car part à 17 h.",
        "Pas de solution de garde le mercredi.",
        "Pas d'ordinateur au domicile.",
    ),
    "accompagnement": (
        "Un rendez-vous tous les mois avec le référent, un appel entre deux.",
        "Deux rendez-vous par mois, puis un point mensuel ; atelier de recherche d'emploi le jeudi.",
    ),
    "actions_organisme": (
        "Aide à la mobilité sur devis, atelier numérique au centre social.",
        "Mise en relation avec une entreprise d'insertion, visite d'un centre de formation.",
    ),
    "moyens_personne": ("Vient aux rendez-vous, apporte ses papiers, fait une démarche par semaine.",),
    "moyens_service": ("Un rendez-vous par mois, appui pour les dossiers, mise en relation avec les partenaires.",),
    "formation": ("Certificat d'aptitude professionnelle de vente. Permis à passer.", "Niveau troisième, caces échu."),
    "competences": ("Vente, mise en rayon, tenue de caisse.", "Entretien de locaux, petits travaux."),
    "emploi_recherche": ("Agent d'entretien", "Vendeuse en magasin", "Cariste", "Aide à domicile", "Cuisinier"),
    "zone": ("À moins de 20 km, accessible en bus", "Le bassin d'emploi et les communes voisines"),
    "actes": (
        "Deux candidatures par semaine, un salon de l'emploi, l'atelier du jeudi.",
        "Trois candidatures spontanées par quinzaine, une visite d'entreprise par mois.",
    ),
    "adaptation": ("Garde d'un enfant le mercredi.",),
}
"""Par code de rubrique, telle que les profils la nomment ; une rubrique inconnue reçoit `AUTRE`."""
AUTRE: Final = "Vu ensemble pendant l'entretien."
NOMBRES: Final = {"nombre": "15", "montant": "1850"}

Etapes = tuple[tuple[str, str, str], ...]
"""Intitulé, qui le fait, moyen qui l'aide (vide : aucun)."""
PLANS: Final[tuple[tuple[str, str, Etapes], ...]] = (
    ("emploi", "Retrouver un emploi près de chez soi", (
        ("Refaire le CV avec les expériences récentes", QuiFait.ENSEMBLE, "Atelier du jeudi"),
        ("Envoyer deux candidatures par semaine", QuiFait.PERSONNE, ""),
        ("Présenter la candidature à une entreprise d'insertion", QuiFait.REFERENT, ""),
    )),
    ("mobilite", "Pouvoir se déplacer pour travailler", (
        ("S'inscrire au code de la route", QuiFait.PERSONNE, "Aide à la mobilité"),
        ("Monter le dossier d'aide au permis", QuiFait.REFERENT, "Devis de l'auto-école"),
    )),
    ("formation", "Obtenir une qualification", (
        ("Visiter un centre de formation", QuiFait.PERSONNE, "Bon de transport"),
        ("Vérifier le financement", QuiFait.ORGANISME, ""),
    )),
    ("logement", "Avoir un logement à soi", (
        ("Déposer la demande de logement social", QuiFait.ENSEMBLE, "Rendez-vous au guichet"),
        ("Rassembler les pièces demandées", QuiFait.PERSONNE, ""),
    )),
    ("budget", "Retrouver un budget équilibré", (
        ("Lister ensemble les charges du mois", QuiFait.ENSEMBLE, ""),
        ("Demander un échéancier au fournisseur d'énergie", QuiFait.REFERENT, "Courrier préparé"),
    )),
    ("numerique", "Faire ses démarches en ligne sans aide", (
        ("Suivre trois ateliers numériques", QuiFait.PERSONNE, "Centre social"),
        ("Ouvrir une boîte aux lettres électronique", QuiFait.ENSEMBLE, ""),
    )),
    ("savoirs", "Se remettre à lire et à écrire chaque jour", (
        ("Faire le bilan des savoirs de base", QuiFait.ORGANISME, ""),
        ("Suivre l'atelier du mardi", QuiFait.PERSONNE, "Bon de transport"),
    )),
)  # fmt: skip
MOTS_A_ELLE: Final = (
    "Je veux passer mon permis cette année.",
    "Trouver quelque chose à faire de mes journées.",
)
"""Objectif proposé par la personne, avec ses mots."""

NOTES: Final[tuple[tuple[str, str, str, str], ...]] = (
    (
        "Est venue avec ses avis de loyer et deux réponses d'employeurs. Le CV a été relu.",
        "« Je préfère commencer à mi-temps, le temps de trouver une garde. »",
        "Les démarches avancent. La garde du mercredi reste à régler avant un temps plein.",
        "Appeler le relais petite enfance ; se revoir dans trois semaines.",
    ),
    (
        "A apporté le devis de l'auto-école. Le dossier d'aide est complet, il est envoyé ce jour.",
        "« Le code, je l'ai déjà travaillé avec mon frère. »",
        "Projet clair, le permis ouvre les postes en horaires décalés.",
        "Attendre la réponse de l'aide, prévoir l'inscription.",
    ),
    (
        "Point par téléphone. Deux candidatures envoyées, un entretien prévu vendredi.",
        "« Ça m'a fait du bien qu'on me rappelle. »",
        "La recherche a repris son rythme.",
        "Préparer l'entretien de vendredi : questions, trajet, tenue.",
    ),
    (
        "Première rencontre. Le parcours, le logement et les déplacements ont été vus ensemble.",
        "« Je ne savais pas que je pouvais dire ce que je voulais dans le contrat. »",
        "Besoin d'abord d'un point sur le budget et les droits.",
        "Écrire le contrat au prochain rendez-vous.",
    ),
    (
        "Visite du centre de formation faite. L'inscription est possible en janvier.",
        "« L'atelier de soudure m'a plu, je me vois bien là-bas. »",
        "Le projet s'est précisé ; reste le transport du matin.",
        "Demander l'aide à la mobilité ; appeler le centre.",
    ),
)
"""Faits, mots de la personne, analyse, suite."""

AVANCE: Final = (
    "Le CV est refait, six candidatures sont parties, un entretien a eu lieu.",
    "Le dossier de permis est accepté, les leçons ont commencé.",
    "La demande de logement est déposée et le budget est tenu.",
)
RESTE: Final = (
    "Le transport du matin n'est pas encore réglé.",
    "La garde du mercredi reste à trouver.",
    "Les démarches en ligne demandent encore de l'aide.",
)
DIT: Final = (
    "« J'ai repris confiance, je veux continuer. »",
    "« Ça avance doucement, mais ça avance. »",
    "« Je sais maintenant à qui demander. »",
)
OFFRES: Final = (
    ("Agent d'entretien, 24 heures", "Les Ateliers Fictifs", "« Les horaires commencent avant le premier bus. »", True),
    ("Préparatrice de commandes, 35 heures", "Entrepôt Exemple", "« Je ne veux pas travailler la nuit. »", False),
    ("Vendeur en magasin, 30 heures", "Magasin Modèle", "« C'est trop loin pour moi. »", False),
)
"""Poste, employeur, ce que dit la personne en refusant, et si le refus est légitime."""
RENVOIS: Final = (
    "Le premier objectif n'a pas d'étape datée : précisez-la avec la personne.",
    "La durée ne correspond pas au plan d'action : voyez ensemble six mois plutôt que trois.",
)
COMPETENCES: Final = {
    "accroche": "Agent d'entretien, disponible tout de suite, à pied ou en bus.",
    "motivations": "J'aime le travail bien fait et voir les gens contents de leurs locaux.",
    "savoir_faire": "Entretien de bureaux et de vitres.\nUtilisation d'une monobrosse.\nGestion du stock de produits.",
    "savoir_etre": "Ponctuel, discret, à l'aise en équipe.",
    "transferables": "J'organise la collecte de jouets du quartier : planning, tri, accueil.",
    "langues": "Français, notions de néerlandais",
    "permis": "Code de la route en cours",
}
EXPERIENCES: Final = (
    ("emploi", "Agent d'entretien", "Les Ateliers Fictifs", 6, 3),
    ("emploi", "Préparateur de commandes", "Entrepôt Exemple", 9, 7),
    ("formation", "Certificat de qualification, propreté", "Centre de formation fictif", 7, 6),
    ("engagement", "Collecte de jouets", "Association de quartier fictive", 4, None),
)
"""Nature, intitulé, où, et il y a combien d'années cela a commencé et fini (rien : dure encore)."""
DEMARCHES: Final = (
    ("J'ai appelé l'auto-école pour le code", 6, "Inscription possible en début de mois"),
    ("J'ai déposé mon CV à la zone commerciale", 12, "Deux magasins rappellent"),
)
